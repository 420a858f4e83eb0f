import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { onLeavingPage } from '../app/leaving.ts';
import { useSay } from '../app/Toast.tsx';
import { CallSession, type CallSnapshot } from '../conference/call-session.ts';
import type { SentMedia } from '../conference/on-air.ts';
import type { LocalMedia } from '../devices/local-media.ts';
import { browserPage } from '../player/page.ts';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { WhepClient } from '../rtc/whep-client.ts';
import { WhipClient } from '../rtc/whip-client.ts';
import { TalkApi } from './talk-api.ts';

export interface UsedTalk {
  session: CallSession;
  snapshot: CallSnapshot;
}

/** What an anchor sends to a talk: nothing, its room's own stream is there. */
const NOTHING = {
  get tracks(): never {
    throw new Error('an anchor does not publish to the talk');
  },
  muted: { audio: false, video: false },
  snapshot: { screen: false },
} satisfies SentMedia;

/**
 * Sees and hears the others on air, and is seen by them, for as long as the room says that one takes part.
 * @param media what a guest sends; null: an anchor, who sends nothing here.
 */
export function useTalk(room: UsedRoom, nickname: string, media: LocalMedia | null): UsedTalk | null {
  const { join } = room.state;
  const conference = join?.conferenceId ?? null;
  const newest = useRef(join);
  newest.current = join;
  const chat = useRef(room.session);
  chat.current = room.session;
  const [made, setMade] = useState<{ session: CallSession; api: TalkApi } | null>(null);
  const { t } = useTranslation();
  const say = useSay();
  const overruled = useRef<(kinds: readonly string[]) => void>(() => undefined);
  overruled.current = (kinds) => say(t(kinds.includes('audio') ? 'call.ownerMutedSound' : 'call.ownerMutedPicture'));

  useEffect(() => {
    if (conference === null || !newest.current) return;
    const api = new TalkApi(newest.current, media !== null, () => chat.current.freshJoin());
    const session = new CallSession({
      conference,
      nickname,
      identity: null,
      api,
      media: media ?? NOTHING,
      openPublisher: (options) => new WhipClient(options),
      openViewer: (options) => new WhepClient(options),
      page: browserPage,
      remember: () => undefined,
      tell: () => undefined,
      overruled: (kinds) => {
        if (kinds.includes('audio')) void media?.setMicrophone(false);
        if (kinds.includes('video')) {
          media?.stopScreen();
          void media?.setCamera(false);
        }
        overruled.current(kinds);
      },
      random: Math.random,
    });
    const unsubscribe = media?.subscribe(() => session.mediaChanged());
    const stay = onLeavingPage(() => session.leave());
    setMade({ session, api });
    return () => {
      stay();
      unsubscribe?.();
      session.close();
      setMade(null);
    };
  }, [conference, nickname, media]);
  useEffect(() => {
    if (join) made?.api.update(join);
  }, [join, made]);
  const session = made?.session ?? null;
  const subscribe = useCallback((listener: () => void) => session?.subscribe(listener) ?? (() => undefined), [session]);
  const snapshot = useSyncExternalStore(subscribe, () => session?.snapshot ?? null);
  return session && snapshot && { session, snapshot };
}
