import type { OwnProfile, Room } from '@lianmai/contract/rest';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '../account/ask.ts';
import type { Session } from '../account/session.ts';
import { useLogIn } from '../account/useLogIn.ts';
import { useSession } from '../account/useSession.ts';
import { Header } from '../app/Header.tsx';
import { NoticePage } from '../app/NoticePage.tsx';
import { recall, remember } from '../app/remember.ts';
import { useTitle } from '../app/useTitle.ts';
import { type UsedMedia, useLocalMedia } from '../devices/useLocalMedia.ts';
import { Timer } from '../player/timer.ts';
import { ownRoom } from '../room/api.ts';
import { AlertIcon, BroadcastIcon } from '../theme/icons.tsx';
import { AnchorRoom } from './AnchorRoom.tsx';
import { SetUp, type Wish } from './SetUp.tsx';
import { Summary } from './Summary.tsx';

/** Where the broadcast comes from. */
export type Source = 'camera' | 'encoder';

/** An anchor's page, from setting up to the summary. */
export default function GoLivePage() {
  const { t } = useTranslation();
  const session = useSession();
  const askLogIn = useLogIn();
  useTitle(t('golive.title'));
  if (!session)
    return (
      <NoticePage icon={<BroadcastIcon size={32} />} title={t('golive.needLogIn')} text={t('golive.needLogInText')}>
        <button type="button" className="button primary" onClick={() => void askLogIn()}>
          {t('account.logIn')}
        </button>
      </NoticePage>
    );
  return <Studio key={session.user.userId} session={session} />;
}

function Studio({ session }: { session: Session }) {
  const { t } = useTranslation();
  const { room, setRoom } = useOwnRoom();
  const [over, setOver] = useState<Room | null>(null);
  const [source, setSource] = useState<Source>('camera');
  const [wish, setWish] = useState<Wish>(() => ({
    title: recall('title') ?? t('golive.titleDefault', { name: session.user.nickname }),
    cover: null,
  }));
  if (over) return <Summary room={over} onAgain={() => setOver(null)} />;
  if (room === undefined) return <Header />;
  if (room === 'away')
    return (
      <NoticePage icon={<AlertIcon size={32} />} title={t('golive.awayTitle')} text={t('front.errorUnreachable')} />
    );
  const chosen = (room && sourceOf(room)) ?? source;
  const body = (used: UsedMedia | null) =>
    room && sourceOf(room) !== null ? (
      <AnchorRoom
        key={room.id}
        room={room}
        used={used}
        onOver={(closed) => {
          setRoom(null);
          setOver(closed);
        }}
      />
    ) : (
      <SetUp
        used={used}
        source={source}
        onSource={setSource}
        wish={room ? { ...wish, title: wish.title || room.title } : wish}
        onWish={setWish}
        open={room}
        onOpened={(opened) => {
          rememberSource(opened, source);
          remember('title', wish.title);
          setRoom(opened);
        }}
      />
    );
  return chosen === 'camera' ? <WithCamera>{body}</WithCamera> : body(null);
}

/** The camera stays on from setting up into the broadcast. */
function WithCamera({ children }: { children(used: UsedMedia | null): ReactNode }) {
  return children(useLocalMedia());
}

const AGAIN_MS = 3_000;

/** One's room that is still open, as after a reload; null: there is none, undefined: not known yet, away: nobody answers. */
function useOwnRoom() {
  const [room, setRoom] = useState<Room | 'away' | null>();
  useEffect(() => {
    const again = new Timer();
    let isCurrent = true;
    const look = async () => {
      const found = await findOwnRoom();
      if (!isCurrent) return;
      setRoom(found);
      if (found === 'away') again.start(AGAIN_MS, () => void look());
    };
    void look();
    return () => {
      isCurrent = false;
      again.stop();
    };
  }, []);
  return { room, setRoom };
}

async function findOwnRoom(): Promise<Room | 'away' | null> {
  const me = await ask<OwnProfile>('GET', '/v1/users/me');
  if (!me.ok) return me.problem.kind === 'refused' ? null : 'away';
  if (me.value.room === null) return null;
  const found = await ownRoom(me.value.room);
  if (!found.ok) return found.problem.kind === 'refused' ? null : 'away';
  return found.value.state === 'closed' ? null : found.value;
}

const KEY = 'broadcast';

/** How this device broadcasts in the room; null: it does not, the room was opened elsewhere. */
function sourceOf({ id }: Room): Source | null {
  const [roomId, source] = (recall(KEY) ?? '').split(' ');
  return roomId === id && (source === 'camera' || source === 'encoder') ? source : null;
}

const rememberSource = ({ id }: Room, source: Source) => remember(KEY, `${id} ${source}`);
