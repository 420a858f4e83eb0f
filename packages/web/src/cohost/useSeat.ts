import type { CohostSession } from '@lianmai/contract/im';
import type { Room } from '@lianmai/contract/rest';
import type { ImFailure } from '@lianmai/sdk/im';
import { useTranslation } from 'react-i18next';
import { useLogIn } from '../account/useLogIn.ts';
import { useSay } from '../app/Toast.tsx';
import { ownSession } from '../room/room-state.ts';
import { type UsedRoom, useRoomEvents } from '../room/useRoomSession.ts';

/** A viewer's way to a seat beside the anchor. */
export interface Seat {
  /** What is going on about it; null: nothing. */
  own: CohostSession | null;
  ask(): Promise<void>;
  withdraw(): Promise<void>;
  answer(accept: boolean): Promise<void>;
}

/** Asks for a seat, answers an invitation, and tells how it ended. */
export function useSeat(used: UsedRoom | null, { id: roomId, anchor }: Pick<Room, 'id' | 'anchor'>): Seat {
  const { t } = useTranslation();
  const say = useSay();
  const askLogIn = useLogIn();
  const failed = useAirFailure();
  const own = used && ownSession(used.state);

  useRoomEvents(used, ({ name, params }) => {
    const { selfId } = used?.state ?? {};
    if (name === 'cohost.answered' && params.session.user.userId === selfId && !params.accepted) {
      const key = params.reason ? 'air.rejectedBecause' : 'air.rejected';
      say(t(key, { name: anchor.nickname, reason: params.reason ?? '' }));
    }
    if (name !== 'cohost.ended' || params.session.user.userId !== selfId) return;
    switch (params.session.endReason) {
      case 'timed-out':
        return say(t('air.timedOut'));
      case 'kicked':
        return say(t('air.kicked'));
      case 'left':
        return say(t('air.left'));
      case 'lost':
        return say(t('air.lost'));
      case 'anchor-gone':
        return say(t('air.anchorGone'));
    }
  });

  return {
    own,
    async ask() {
      if (!used || used.isVisitor) return void (await askLogIn());
      try {
        const { session } = await used.session.call('cohost.request', { roomId });
        used.session.do({ type: 'asked', session });
      } catch (error) {
        say(failed(error as ImFailure));
      }
    },
    async withdraw() {
      if (!own || !used) return;
      const failure = await used.session.try('cohost.cancel', { sessionId: own.id });
      if (failure) say(failed(failure));
    },
    async answer(accept) {
      if (!own || !used) return;
      try {
        const { session, conference } = await used.session.call('cohost.respond', { sessionId: own.id, accept });
        used.session.do({ type: 'asked', session });
        used.session.do({ type: 'admitted', join: conference });
      } catch (error) {
        say(failed(error as ImFailure));
      }
    },
  };
}

/** Why nobody comes on air, in words. */
export function useAirFailure(): (failure: Pick<ImFailure, 'name'>) => string {
  const { t } = useTranslation();
  return ({ name }) => {
    switch (name) {
      case 'BUSY':
        return t('air.busy');
      case 'COHOST_FULL':
        return t('air.full');
      case 'COHOST_OFF':
        return t('air.off');
      case 'STREAM_NOT_LIVE':
        return t('air.notLive');
      case 'RATE_LIMITED':
        return t('chat.tooFast');
      case 'OFFLINE':
        return t('chat.offline');
      default:
        return t('air.failed');
    }
  };
}
