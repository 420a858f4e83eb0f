import type { Delay, EngineId, NetworkState, Problem } from '../player.ts';

/** Told by an engine to its player; nothing is told after `close`. */
export interface EngineEvents {
  /** It is over for this engine; the player closes it. */
  failed(problem: Problem): void;
  /** The server ended the stream; what is buffered plays out. */
  finished(): void;
}

export interface EngineOptions {
  video: HTMLVideoElement;
  stream: string;
  /** Query of the page's address that belongs to the play address (its signature), with `?`, or empty. */
  query: string;
  events: EngineEvents;
  /** From 0 to 1. */
  random(): number;
}

/** One connection to one stream by one protocol, feeding the video element from its creation on. */
export interface Engine {
  readonly id: EngineId;
  /** Jumps to the newest picture. */
  toLiveEdge(): void;
  /** Bytes received so far; null when the engine can't know. */
  receivedBytes(): number | null;
  delay(): Delay | null;
  /** How far behind the point where this engine wants to be: what a jump would make up. */
  lagMs(): number;
  /** Whether the network carries the stream, where the server tells; null while it is not known. */
  network?(): NetworkState | null;
  /** Its name on the wire: `HTTP-FLV`, `LL-HLS`… */
  protocol(): string;
  /** Idempotent; takes the source from the element. */
  close(): void;
}

export type OpenEngine = (id: EngineId, options: EngineOptions) => Promise<Engine>;

/** Loads the code of the engine, then opens it. @throws whatever the import does, when the code can't be had. */
export const openEngine: OpenEngine = async (id, options) => {
  switch (id) {
    case 'whep': {
      const { openWhep } = await import('./whep.ts');
      return openWhep(options);
    }
    case 'flv':
    case 'ws-flv': {
      const { openFlv } = await import('./flv.ts');
      return openFlv(id, options);
    }
    case 'hls': {
      const { openHls } = await import('./hls.ts');
      return openHls(options);
    }
    case 'native': {
      const { openNativeHls } = await import('./native-hls.ts');
      return openNativeHls(options);
    }
  }
};

/** Fetches the code of an engine that will probably be wanted; failing is left to the real opening. */
export function preloadEngine(id: EngineId): void {
  code(id).catch(() => undefined);
}

function code(id: EngineId): Promise<unknown> {
  switch (id) {
    case 'whep':
      return import('./whep.ts');
    case 'hls':
      return import('./hls.ts');
    case 'native':
      return import('./native-hls.ts');
    default:
      return import('./flv.ts');
  }
}
