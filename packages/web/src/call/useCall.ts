import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { onLeavingPage } from '../app/leaving.ts';
import { useSay } from '../app/Toast.tsx';
import { callApi } from '../conference/api.ts';
import { type CallNews, CallSession, type CallSnapshot } from '../conference/call-session.ts';
import type { LocalMedia } from '../devices/local-media.ts';
import { browserPage } from '../player/page.ts';
import { WhepClient } from '../rtc/whep-client.ts';
import { WhipClient } from '../rtc/whip-client.ts';
import { identityOf, rememberIdentity } from './identity.ts';

export interface UsedCall {
  session: CallSession;
  snapshot: CallSnapshot;
}

/** In the call for as long as the component is there and the page is open. */
export function useCall(conference: string, nickname: string, media: LocalMedia): UsedCall | null {
  const [session, setSession] = useState<CallSession | null>(null);
  const tell = useTold();
  const telling = useRef(tell);
  telling.current = tell;
  useEffect(() => {
    const opened = new CallSession({
      conference,
      nickname,
      identity: identityOf(conference, location.search),
      api: callApi,
      media,
      openPublisher: (options) => new WhipClient(options),
      openViewer: (options) => new WhepClient(options),
      page: browserPage,
      remember: (identity) => rememberIdentity(conference, identity),
      tell: (news) => telling.current(news),
      overruled: (kinds) => {
        if (kinds.includes('audio')) void media.setMicrophone(false);
        if (kinds.includes('video')) switchOffPicture(media);
      },
      random: Math.random,
    });
    setSession(opened);
    const unsubscribe = media.subscribe(() => opened.mediaChanged());
    const stay = onLeavingPage(() => opened.leave());
    return () => {
      stay();
      unsubscribe();
      opened.close();
    };
  }, [conference, nickname, media]);
  const subscribe = useCallback((listener: () => void) => session?.subscribe(listener) ?? (() => undefined), [session]);
  const snapshot = useSyncExternalStore(subscribe, () => session?.snapshot ?? null);
  return session && snapshot && { session, snapshot };
}

function switchOffPicture(media: LocalMedia): void {
  media.stopScreen();
  void media.setCamera(false);
}

/** Says what happened, in passing. */
function useTold(): (news: CallNews) => void {
  const { t } = useTranslation();
  const say = useSay();
  return (news) => {
    if (news.type === 'joined') say(t('call.hasJoined', { name: news.nickname }));
    else if (news.type === 'left') say(t('call.hasLeft', { name: news.nickname }));
    else if (news.type === 'overruled')
      say(t(news.kinds.includes('audio') ? 'call.ownerMutedSound' : 'call.ownerMutedPicture'));
    else say(t('call.youAreOwner'));
  };
}
