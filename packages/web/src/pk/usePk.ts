import type { PkSession } from '@lianmai/contract/im';
import type { ImFailure } from '@lianmai/sdk/im';
import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import { type UsedRoom, useRoomEvents } from '../room/useRoomSession.ts';

/** An anchor's part in a battle. */
export interface Pk {
  session: PkSession | null;
  /** Who invited is oneself. */
  isOwn: boolean;
  /** The other anchor's name. */
  rival: string;
  invite(targetRoomId: string): Promise<boolean>;
  cancel(): Promise<void>;
  respond(accept: boolean): Promise<void>;
  quit(): Promise<void>;
}

/** Invites, answers, leaves. */
export function usePk(room: UsedRoom): Pk {
  const { t } = useTranslation();
  const say = useSay();
  const { session: inRoom, state } = room;
  const { roomId } = inRoom;
  const { pk } = state;
  const word = (name: ImFailure['name']) => {
    if (name === 'BUSY') return t('pk.busy');
    if (name === 'STREAM_NOT_LIVE') return t('air.notLive');
    return t(name === 'OFFLINE' ? 'chat.offline' : 'air.failed');
  };

  return {
    session: pk,
    isOwn: pk?.sides[0].roomId === roomId,
    rival: pk ? rivalOf(pk, roomId) : '',
    async invite(targetRoomId) {
      try {
        const { session } = await inRoom.call('pk.invite', { roomId, targetRoomId });
        inRoom.do({ type: 'battle', session });
        return true;
      } catch (error) {
        say(word((error as ImFailure).name));
        return false;
      }
    },
    async cancel() {
      if (!pk) return;
      const failure = await inRoom.try('pk.cancel', { sessionId: pk.id });
      if (failure) say(word(failure.name));
      else inRoom.do({ type: 'battle', session: null });
    },
    async respond(accept) {
      if (!pk) return;
      try {
        const { session, conference } = await inRoom.call('pk.respond', { sessionId: pk.id, accept });
        inRoom.do({ type: 'battle', session: accept ? session : null });
        if (accept) inRoom.do({ type: 'admitted', join: conference });
      } catch (error) {
        say(word((error as ImFailure).name));
        inRoom.do({ type: 'battle', session: null });
      }
    },
    async quit() {
      if (!pk) return;
      const failure = await inRoom.try('pk.quit', { sessionId: pk.id });
      if (failure) say(word(failure.name));
    },
  };
}

/** Tells an anchor in passing that an invitation was turned down. */
export function usePkNews(room: UsedRoom): void {
  const { t } = useTranslation();
  const say = useSay();
  const { roomId } = room.session;
  useRoomEvents(room, ({ name, params }) => {
    if (name === 'pk.answered' && !params.accepted) say(t('pk.rejected', { name: rivalOf(params.session, roomId) }));
  });
}

const rivalOf = ({ sides }: PkSession, own: string): string =>
  sides.find(({ roomId }) => roomId !== own)?.anchor.nickname ?? '';
