import { type RefObject, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { recall } from '../app/remember.ts';
import { type BrowserScope, type Capabilities, readCapabilities } from '../player/capabilities.ts';
import { choose, parseWish } from '../player/choose.ts';
import { playQuery } from '../player/engines/addresses.ts';
import { openEngine, preloadEngine } from '../player/engines/engine.ts';
import { LivePlayer } from '../player/live-player.ts';
import { browserPage } from '../player/page.ts';
import type { Player, PlayerSnapshot, StreamStatus } from '../player/player.ts';

const BEFORE: PlayerSnapshot = {
  state: 'connecting',
  engine: null,
  wish: 'auto',
  attempt: 0,
  problem: null,
  muted: false,
  mutedByBrowser: false,
  volume: 1,
  atLiveEdge: true,
  size: null,
};

export interface WatchedPlayer {
  player: Player | null;
  snapshot: PlayerSnapshot;
  browser: Capabilities | null;
}

/**
 * A player on the video element, for as long as the component is there.
 * @param status is passed on whenever it changes.
 * @param ask and `holdPicture`: the newest ones are called.
 */
export function useLivePlayer(
  video: RefObject<HTMLVideoElement | null>,
  stream: string,
  { status, ask, holdPicture }: { status: StreamStatus; ask(): void; holdPicture(): void },
): WatchedPlayer {
  const [made, setMade] = useState<{ player: LivePlayer; browser: Capabilities } | null>(null);
  const callbacks = useRef({ ask, holdPicture });
  callbacks.current = { ask, holdPicture };

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const browser = readCapabilities(globalThis as BrowserScope, (mime) => element.canPlayType(mime));
    const wish = parseWish(new URLSearchParams(location.search).get('player'));
    const { engine } = choose(browser, null, wish, new Set());
    if (engine) preloadEngine(engine);
    const player = new LivePlayer({
      video: element,
      stream,
      query: playQuery(location.search),
      wish,
      muted: recall('muted') === 'yes',
      volume: Number(recall('volume') ?? 1) || 1,
      browser,
      page: browserPage,
      openEngine,
      askStatus: () => callbacks.current.ask(),
      holdPicture: () => callbacks.current.holdPicture(),
      random: Math.random,
    });
    setMade({ player, browser });
    return () => player.close();
  }, [video, stream]);

  const player = made?.player ?? null;
  useEffect(() => player?.streamIs(status), [player, status]);
  const subscribe = useCallback((listener: () => void) => player?.subscribe(listener) ?? (() => undefined), [player]);
  const snapshot = useSyncExternalStore(subscribe, () => player?.snapshot ?? BEFORE);
  return { player, snapshot, browser: made?.browser ?? null };
}
