import type { RoomMember } from '@lianmai/contract/im';
import type { Room } from '@lianmai/contract/rest';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useLogIn } from '../account/useLogIn.ts';
import { NoticePage } from '../app/NoticePage.tsx';
import { recall, remember } from '../app/remember.ts';
import { useSay } from '../app/Toast.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { useTitle } from '../app/useTitle.ts';
import { ChatInput } from '../chat/ChatInput.tsx';
import { ChatList } from '../chat/ChatList.tsx';
import { ChatTrouble } from '../chat/ChatTrouble.tsx';
import type { ChatLine } from '../chat/chat-lines.ts';
import { GiftSheet } from '../chat/GiftSheet.tsx';
import type { LivelinessHandle } from '../chat/Liveliness.tsx';
import { LikeBatch } from '../chat/like-batch.ts';
import { SeatBanner } from '../cohost/SeatBanner.tsx';
import { useSeat } from '../cohost/useSeat.ts';
import { shortNumber } from '../i18n/format.ts';
import type { PollSnapshot } from '../live/poll.ts';
import { usePoll } from '../live/usePoll.ts';
import { AlertIcon, DanmakuIcon, GiftIcon, HeartIcon, SeatIcon, ShareIcon } from '../theme/icons.tsx';
import { useShare } from '../watch/useShare.ts';
import { fetchRoom } from './api.ts';
import { PeopleSheet } from './PeopleSheet.tsx';
import { RailButton, RoomFrame, Talk } from './RoomFrame.tsx';
import { RoomHead } from './RoomHead.tsx';
import { RoomStage } from './RoomStage.tsx';
import { isLetIn, ownSession } from './room-state.ts';
import { type UsedRoom, useRoomSession } from './useRoomSession.ts';

/** With cameras and connections: fetched when one is let in. */
const GuestOnAir = lazy(() => import('../cohost/GuestOnAir.tsx'));

const everyMs = ({ value, failure }: PollSnapshot<Room | null>) => {
  if (failure) return 3_000;
  return value?.state === 'closed' ? 60_000 : 8_000;
};

/** A room as its viewers see it. */
export function RoomPage({ roomId }: { roomId: string }) {
  const { t } = useTranslation();
  const ask = useCallback((signal: AbortSignal) => fetchRoom(roomId, signal), [roomId]);
  const { snapshot, askNow } = usePoll(ask, everyMs);
  const used = useRoomSession(roomId);
  const room = useNewest(used, snapshot.value);
  useTitle(room ? t('watch.titleLive', { name: room.title }) : null);
  if (room === null)
    return (
      <NoticePage icon={<AlertIcon size={32} />} title={t('room.missingTitle')} text={t('room.missingText')}>
        <Link href="/" className="button primary">
          {t('app.toFront')}
        </Link>
      </NoticePage>
    );
  if (room === undefined) {
    if (!snapshot.failure) return <RoomFrame stage={<div className="stage-empty" />} talk={null} />;
    return (
      <NoticePage
        icon={<AlertIcon size={32} />}
        title={t('room.errorTitle')}
        text={t(snapshot.failure.kind === 'offline' ? 'state.offlineText' : 'front.errorUnreachable')}
      >
        <button type="button" className="button primary" onClick={askNow}>
          {t('app.retry')}
        </button>
      </NoticePage>
    );
  }
  return <Opened room={room} used={used} />;
}

/** What is known by being there counts more than what was asked some seconds ago. */
function useNewest(used: UsedRoom | null, polled: Room | null | undefined): Room | null | undefined {
  const known = useRef<Room>(undefined);
  const state = used?.state;
  const entered = state?.room;
  return useMemo(() => {
    if (polled) known.current = polled;
    const base = entered ?? known.current;
    if (!base) return polled;
    const closed = state?.closed ?? (polled?.state === 'closed' ? { summary: polled.summary } : null);
    // Those of the chat are the same for everybody: unsigned, and without push addresses.
    const { channel, thumbnail } = known.current ?? base;
    return {
      ...base,
      channel,
      thumbnail,
      viewers: entered && state ? state.viewers : base.viewers,
      likes: Math.max(base.likes, state?.likes ?? 0),
      ...(closed && { state: 'closed' as const, summary: closed.summary ?? base.summary }),
    };
  }, [state, entered, polled]);
}

function Opened({ room, used }: { room: Room; used: UsedRoom | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSay();
  const askLogIn = useLogIn();
  const share = useShare(room.title);
  const hearts = useRef<LivelinessHandle>(null);
  const [danmaku, setDanmaku] = useState(() => recall('danmaku') !== 'off');
  const [sheet, setSheet] = useState<'gifts' | 'people' | null>(null);
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  const batch = useLikes(used);
  const seat = useSeat(used, room);
  const own = used && ownSession(used.state);
  const blocked = useBlocked(used, room);
  const isClosed = room.state === 'closed';

  const like = async (from?: { x: number; y: number }) => {
    if ((!used || used.isVisitor) && !(await askLogIn())) return;
    hearts.current?.hearts(1, from);
    batch.tap();
    used?.session.do({ type: 'liked', count: 1 });
  };
  const openGifts = async () => {
    if (await askLogIn()) setSheet('gifts');
  };
  const openPeople = async () => {
    if (await askLogIn()) setSheet('people');
  };
  const toggleDanmaku = () => {
    remember('danmaku', danmaku ? 'off' : 'on');
    setDanmaku(!danmaku);
  };
  const openPerson = (user: RoomMember) => user.userId !== used?.state.selfId && setSheet('people');
  const guest =
    used && own && isLetIn(own) && used.state.join ? (
      <Suspense>
        <GuestOnAir key={own.id} room={used} own={own} anchor={room.anchor} slot={slot} />
      </Suspense>
    ) : null;

  return (
    <RoomFrame
      stage={
        <RoomStage
          room={room}
          used={used}
          danmaku={danmaku}
          hearts={hearts}
          others={(count) => batch.others(count)}
          isOnAir={guest !== null && own?.state === 'on-air'}
          onLike={(from) => void like(from)}
          onPeople={() => void openPeople()}
        >
          {guest}
        </RoomStage>
      }
      talk={
        isClosed ? (
          <Talk
            head={<RoomHead room={room} onPeople={() => void openPeople()} />}
            list={<ChatList lines={linesOf(used)} onPerson={null} />}
          />
        ) : (
          <>
            <Talk
              head={<RoomHead room={room} onPeople={() => void openPeople()} />}
              list={<ChatList lines={linesOf(used)} onPerson={used?.state.role === 'member' ? null : openPerson} />}
              above={
                <>
                  {used && !used.isOnline && <ChatTrouble />}
                  <SeatBanner seat={seat} anchor={room.anchor} />
                  <div ref={setSlot} />
                </>
              }
              rail={
                <>
                  <RailButton
                    label={`${t('chat.like')} ${shortNumber(room.likes, language)}`}
                    word={shortNumber(room.likes, language)}
                    tone="accent"
                    onClick={() => void like()}
                  >
                    <HeartIcon />
                  </RailButton>
                  <RailButton label={t('chat.gifts')} word={t('chat.gifts')} onClick={() => void openGifts()}>
                    <GiftIcon />
                  </RailButton>
                  {room.settings.coHosting && !own && (
                    <RailButton label={t('air.ask')} word={t('air.askShort')} onClick={() => void seat.ask()}>
                      <SeatIcon />
                    </RailButton>
                  )}
                  <RailButton
                    label={t(danmaku ? 'chat.hideDanmaku' : 'chat.showDanmaku')}
                    word={t('chat.danmaku')}
                    pressed={danmaku}
                    onClick={toggleDanmaku}
                  >
                    <DanmakuIcon />
                  </RailButton>
                  <RailButton label={t('watch.share')} word={t('watch.share')} onClick={share}>
                    <ShareIcon />
                  </RailButton>
                </>
              }
              input={
                <ChatInput
                  blocked={blocked}
                  onSend={async (text, kind) => {
                    if (!used) return null;
                    return used.session.try('room.send', { roomId: room.id, kind, body: text });
                  }}
                />
              }
            />
            {used && <GiftSheet room={used} open={sheet === 'gifts'} onClose={() => setSheet(null)} />}
            {used && <PeopleSheet room={used} open={sheet === 'people'} onClose={() => setSheet(null)} onSaid={say} />}
          </>
        )
      }
    />
  );
}

/** null: not known yet; none where one is not let in. */
const linesOf = (used: UsedRoom | null): readonly ChatLine[] | null =>
  used && used.state.room === null && !used.state.isOut && !used.state.closed ? null : (used?.state.lines ?? []);

/** Why one may not write here now, in words; null: one may. */
function useBlocked(used: UsedRoom | null, room: Room): string | null {
  const { t } = useTranslation();
  if (!used) return null;
  const { isOut, mutedUntil, role } = used.state;
  if (isOut) return t('chat.kicked');
  if (mutedUntil !== null && Date.parse(mutedUntil) > Date.now()) return t('chat.muted');
  return room.settings.muteAll && role === 'member' ? t('chat.mutedAll') : null;
}

/** Sends taps summed up, for as long as one is in the room. */
function useLikes(used: UsedRoom | null): LikeBatch {
  const session = useRef<UsedRoom['session']>(undefined);
  session.current = used?.session;
  const [batch] = useState(() => new LikeBatch((count) => session.current?.like(count)));
  useEffect(() => () => batch.close(), [batch]);
  return batch;
}
