import type { Room, RoomPulse } from '@lianmai/contract/rest';
import { type Ref, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../account/Avatar.tsx';
import { Liveliness, type LivelinessHandle } from '../chat/Liveliness.tsx';
import { AirTiles, Picture } from '../cohost/AirTiles.tsx';
import { GuestActions } from '../cohost/GuestActions.tsx';
import type { UsedTalk } from '../cohost/useTalk.ts';
import { QualityBars } from '../conference/QualityBars.tsx';
import { SelfPicture } from '../devices/SelfPicture.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { RoomCover } from '../front/RoomCard.tsx';
import { ViewerCount } from '../front/ViewerCount.tsx';
import { clock } from '../i18n/format.ts';
import { BattleView } from '../pk/BattleView.tsx';
import stageStyles from '../room/RoomStage.module.css';
import { isBattling } from '../room/room-state.ts';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { WhepClient } from '../rtc/whep-client.ts';
import { CopyField } from '../theme/CopyField.tsx';
import { BroadcastIcon, CloseIcon } from '../theme/icons.tsx';
import frame from '../watch/Stage.module.css';
import styles from './AnchorStage.module.css';
import type { Broadcast } from './useBroadcast.ts';

/** What the anchor shows, and who is with it. */
export function AnchorStage({
  room,
  inRoom,
  used,
  talk,
  broadcast,
  pulse,
  mirrored,
  hearts,
  onPeople,
  onEnd,
}: {
  room: Room;
  inRoom: UsedRoom | null;
  used: UsedMedia | null;
  talk: UsedTalk | null;
  broadcast: Broadcast;
  pulse: RoomPulse | null;
  mirrored: boolean;
  hearts: Ref<LivelinessHandle>;
  onPeople(): void;
  onEnd(): void;
}) {
  const { t } = useTranslation();
  const others = talk?.snapshot.others ?? [];
  const pk = inRoom?.state.pk ?? null;
  const rival = isBattling(pk) ? pk.sides.find(({ roomId }) => roomId !== room.id)?.anchor.userId : undefined;
  const opponent = others.find(({ userId }) => userId === rival);
  const isLeft = pk?.sides[0].roomId === room.id;
  return (
    <section
      className={`${frame.stage} ${stageStyles.stage} ${styles.anchor}`}
      aria-label={t('room.picture', { name: room.anchor.nickname })}
    >
      <div className={frame.backdrop}>
        <RoomCover room={room} plain />
      </div>
      <div className={styles.pictures} data-battle={opponent !== undefined} data-left={isLeft}>
        <div className={styles.own}>
          {used ? (
            <OwnCamera used={used} room={room} mirrored={mirrored} />
          ) : (
            <OwnEncoder room={room} isLive={room.state === 'live'} />
          )}
        </div>
        {opponent && (
          <div className={styles.opponent}>
            <Picture member={opponent} portrait={72} />
          </div>
        )}
      </div>
      {!opponent && inRoom && talk && (
        <AirTiles
          members={others}
          first={null}
          actions={(member) => <GuestActions member={member} room={inRoom} talk={talk} />}
        />
      )}
      {inRoom && <BattleView room={inRoom} />}
      <Liveliness ref={hearts} room={inRoom} danmaku others={(count) => count} />
      <div className={`${frame.top} ${stageStyles.top}`}>
        <div className={`${frame.chip} ${styles.chip}`}>
          <Avatar user={room.anchor} size={32} />
          <span className={stageStyles.who}>
            <span className={stageStyles.name}>{room.title}</span>
            <span className={stageStyles.title} role="status">
              <OnAirWord room={room} used={used} broadcast={broadcast} />
            </span>
          </span>
          {used && <QualityBars bars={broadcast.bars} />}
        </div>
        <div className={stageStyles.right}>
          {room.liveSince !== null || (pulse?.onAirSeconds ?? 0) > 0 ? <OnAirClock pulse={pulse} /> : null}
          <button
            type="button"
            className={`${frame.viewers} ${stageStyles.viewers} ${styles.viewers}`}
            onClick={onPeople}
          >
            <ViewerCount count={room.viewers} />
          </button>
          <button
            type="button"
            className={`icon-button ${stageStyles.sound}`}
            aria-label={t('golive.end')}
            onClick={onEnd}
          >
            <CloseIcon />
          </button>
        </div>
      </div>
    </section>
  );
}

function OwnCamera({ used, room, mirrored }: { used: UsedMedia; room: Room; mirrored: boolean }) {
  const { t } = useTranslation();
  const { preview, screen } = used.snapshot;
  if (preview) return <SelfPicture preview={preview} mirrored={mirrored && !screen} />;
  return (
    <div className={styles.off}>
      <Avatar user={room.anchor} size={96} />
      <p>{t('call.cameraIsOff')}</p>
    </div>
  );
}

/** Where to push, until something comes; then what comes. */
function OwnEncoder({ room, isLive }: { room: Room; isLive: boolean }) {
  const { t } = useTranslation();
  const { push, stream } = room.channel;
  const media = useOwnStream(isLive ? stream : null);
  if (isLive && media) return <SelfPicture preview={media} mirrored={false} />;
  return (
    <div className={styles.push}>
      <BroadcastIcon size={32} />
      <h2 className={styles.pushTitle}>{t('golive.encoderTitle')}</h2>
      <p className={styles.pushText}>{t('golive.encoderText')}</p>
      {push && (
        <div className={styles.addresses}>
          <CopyField showLabel label={t('golive.server')} text={push.server} />
          <CopyField showLabel label={t('golive.key')} text={push.streamKey} />
          <CopyField showLabel label={t('golive.url')} text={push.rtmp} />
        </div>
      )}
      <p className={styles.pushText} role="status">
        {t(isLive ? 'golive.encoderLive' : 'golive.encoderWaiting')}
      </p>
    </div>
  );
}

/** The room's own stream, whatever its viewers see. */
function useOwnStream(stream: string | null): MediaStream | null {
  const [media, setMedia] = useState<MediaStream | null>(null);
  useEffect(() => {
    if (stream === null) return;
    const client = new WhepClient({
      address: `/live/${encodeURIComponent(stream)}.whep?source=direct`,
      iceServers: [],
      changed: () => undefined,
      random: Math.random,
    });
    setMedia(client.media);
    return () => {
      setMedia(null);
      client.close();
    };
  }, [stream]);
  return media;
}

function OnAirWord({ room, used, broadcast }: { room: Room; used: UsedMedia | null; broadcast: Broadcast }) {
  const { t } = useTranslation();
  if (!used) return t(room.state === 'live' ? 'golive.onAir' : 'golive.encoderWaiting');
  if (broadcast.state === 'on-air') return t('golive.onAir');
  return t(`golive.${broadcast.state}`);
}

/** Goes on by itself between two words of the server. */
function OnAirClock({ pulse }: { pulse: RoomPulse | null }) {
  const { t } = useTranslation();
  const seconds = pulse?.onAirSeconds ?? 0;
  const [shown, setShown] = useState(seconds);
  useEffect(() => {
    setShown(seconds);
    const from = performance.now();
    const timer = setInterval(() => setShown(seconds + Math.floor((performance.now() - from) / 1000)), 1_000);
    return () => clearInterval(timer);
  }, [seconds]);
  return (
    <span className={styles.clock} role="timer" aria-label={t('golive.time')}>
      {clock(shown)}
    </span>
  );
}
