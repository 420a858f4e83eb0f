import type { Room } from '@lianmai/contract/rest';
import { type ReactNode, type Ref, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Avatar } from '../account/Avatar.tsx';
import { useLogIn } from '../account/useLogIn.ts';
import { useSession } from '../account/useSession.ts';
import { Liveliness, type LivelinessHandle } from '../chat/Liveliness.tsx';
import { LiveBadge } from '../front/LiveBadge.tsx';
import { RoomCover } from '../front/RoomCard.tsx';
import { ViewerCount } from '../front/ViewerCount.tsx';
import { BattleView } from '../pk/BattleView.tsx';
import { BackIcon, MutedIcon, SoundIcon } from '../theme/icons.tsx';
import { setMuted } from '../watch/control.ts';
import { holdPicture } from '../watch/held-picture.ts';
import frame from '../watch/Stage.module.css';
import { StateAnnouncement, StateOverlay } from '../watch/StateOverlay.tsx';
import { useLivePlayer } from '../watch/useLivePlayer.ts';
import { useLiveView } from '../watch/useLiveView.ts';
import { useMediaSession } from '../watch/useMediaSession.ts';
import { badgeOf } from './RoomHead.tsx';
import { RoomOver } from './RoomOver.tsx';
import styles from './RoomStage.module.css';
import { freshSignature, signatureOf } from './signature.ts';
import type { UsedRoom } from './useRoomSession.ts';

/** Two taps so close together are one wish. */
const DOUBLE_TAP_MS = 300;

/** The broadcast, and what floats on it. `children`: what one sees oneself while on air, over it; the broadcast goes on below, silent. */
export function RoomStage({
  room,
  used,
  danmaku,
  hearts,
  others,
  isOnAir,
  onLike,
  onPeople,
  children,
}: {
  room: Room;
  used: UsedRoom | null;
  danmaku: boolean;
  hearts: Ref<LivelinessHandle>;
  others(count: number): number;
  isOnAir: boolean;
  onLike(from: { x: number; y: number }): void;
  onPeople(): void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const { stream } = room.channel;
  const view = useLiveView(stream);
  const video = useRef<HTMLVideoElement>(null);
  const held = useRef<HTMLCanvasElement>(null);
  const lastTap = useRef(0);
  const watched = useLivePlayer(video, stream, {
    status: view.status,
    query: signatureOf(room),
    freshQuery: () => freshSignature(room.id),
    ask: view.askNow,
    holdPicture: () => holdPicture(video.current, held.current),
  });
  const { player, snapshot } = watched;
  const isKnown = useSession() !== null;
  const askLogIn = useLogIn();
  // By another name one may see what one might not.
  useEffect(() => {
    if (isKnown && player?.snapshot.state === 'failed') player.retry();
  }, [isKnown, player]);
  useMediaSession(player, room.title, t('app.name'));
  useEffect(() => {
    // One's own voice, some time later, would be in it.
    if (!isOnAir || !player) return;
    const wasMuted = player.snapshot.muted;
    player.setMuted(true);
    return () => player.setMuted(wasMuted);
  }, [isOnAir, player]);

  const tapped = (event: React.PointerEvent<HTMLElement>) => {
    const isSecond = event.timeStamp - lastTap.current < DOUBLE_TAP_MS;
    lastTap.current = isSecond ? 0 : event.timeStamp;
    if (!isSecond) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    onLike({ x: event.clientX - left, y: event.clientY - top });
  };
  const isClosed = room.state === 'closed';
  return (
    <section
      className={`${frame.stage} ${styles.stage}`}
      data-state={isClosed ? 'ended' : snapshot.state}
      data-shape={snapshot.size && snapshot.size.height > snapshot.size.width ? 'upright' : 'wide'}
      aria-label={t('room.picture', { name: room.anchor.nickname })}
    >
      <div className={frame.backdrop}>
        <RoomCover room={room} plain />
      </div>
      <div className={frame.picture} onPointerUp={tapped}>
        <canvas ref={held} className={`${frame.held} ${styles.video}`} />
        {/* biome-ignore lint/a11y/useMediaCaption: live streams carry no captions */}
        <video
          ref={video}
          className={`${frame.video} ${styles.video}`}
          playsInline
          tabIndex={-1}
          aria-hidden="true"
          data-player={snapshot.engine ?? ''}
        />
      </div>
      {!isClosed && (
        <div className={`${frame.centre} ${styles.centre}`}>
          <StateOverlay
            player={player}
            snapshot={snapshot}
            stream={stream}
            name={room.anchor.nickname}
            onLogIn={isKnown ? undefined : () => void askLogIn()}
          />
        </div>
      )}
      {children}
      {used && <BattleView room={used} />}
      <Liveliness ref={hearts} room={used} danmaku={danmaku} others={others} />
      <div className={`${frame.top} ${styles.top}`}>
        <Link href="/" className={`icon-button ${frame.back}`} aria-label={t('watch.back')}>
          <BackIcon />
        </Link>
        <div className={frame.chip}>
          <Avatar user={room.anchor} size={32} />
          <span className={styles.who}>
            <span className={styles.name}>{room.anchor.nickname}</span>
            <span className={styles.title}>{room.title}</span>
          </span>
          <LiveBadge state={badgeOf(room)} small />
        </div>
        <div className={styles.right}>
          <button type="button" className={`${frame.viewers} ${styles.viewers}`} onClick={onPeople}>
            <ViewerCount count={room.viewers} />
          </button>
          {!isOnAir && !isClosed && (
            <button
              type="button"
              className={`icon-button ${styles.sound}`}
              aria-label={t(snapshot.muted ? 'watch.unmute' : 'watch.mute')}
              onClick={() => player && setMuted(player, !snapshot.muted)}
            >
              {snapshot.muted ? <MutedIcon /> : <SoundIcon />}
            </button>
          )}
        </div>
      </div>
      {snapshot.mutedByBrowser && snapshot.state === 'playing' && !isOnAir && (
        <button type="button" className={frame.unmute} onClick={() => player && setMuted(player, false)}>
          <MutedIcon size={20} />
          {t('watch.tapForSound')}
        </button>
      )}
      {isClosed && <RoomOver room={room} />}
      <StateAnnouncement snapshot={snapshot} name={room.anchor.nickname} />
    </section>
  );
}
