import { type RefObject, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { recall } from '../app/remember.ts';
import { type BrowserScope, type Capabilities, readCapabilities } from '../player/capabilities.ts';
import { choose, parseWish } from '../player/choose.ts';
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

/** What is played, and whom to ask about it. */
export interface PlayedStream {
  /** Passed on whenever it changes. */
  status: StreamStatus;
  /** Of the play address, for the beginning; see `freshQuery` of LivePlayerOptions. */
  query: string;
  freshQuery(): Promise<string | null>;
  ask(): void;
  holdPicture(): void;
}

/** A player on the video element, for as long as the component is there; it calls the newest functions it was given. */
export function useLivePlayer(
  video: RefObject<HTMLVideoElement | null>,
  stream: string,
  { status, query, ...asked }: PlayedStream,
): WatchedPlayer {
  const [made, setMade] = useState<{ player: LivePlayer; browser: Capabilities } | null>(null);
  const newest = useRef({ query, ...asked });
  newest.current = { query, ...asked };

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
      query: newest.current.query,
      freshQuery: () => newest.current.freshQuery(),
      wish,
      muted: recall('muted') === 'yes',
      volume: keptVolume(),
      browser,
      page: browserPage,
      openEngine,
      askStatus: () => newest.current.ask(),
      holdPicture: () => newest.current.holdPicture(),
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

/** From 0 to 1, whatever was kept. */
function keptVolume(): number {
  const kept = Number(recall('volume') ?? 1);
  return kept > 0 && kept <= 1 ? kept : 1;
}
