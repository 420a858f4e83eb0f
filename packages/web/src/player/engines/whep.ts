import { RtcConnection, type RtcFailure } from '../../rtc/connection.ts';
import { countersOf, readCounters } from '../../rtc/counters.ts';
import { receive } from '../../rtc/whep-client.ts';
import type { Delay, NetworkState, Problem, ProblemReason } from '../player.ts';
import { playPath } from './addresses.ts';
import type { Engine, EngineOptions } from './engine.ts';

const READ_EVERY_MS = 1_000;
/** The server is asked no more often, and only while somebody looks. */
const ASK_EVERY_MS = 3_000;
/** A network that lets no packets through is known soon: another way is waiting. */
const CONNECT_WITHIN_MS = 5_000;

/** WebRTC by WHEP: the shortest delay, as long as the network is good. */
export function openWhep(options: EngineOptions): Engine {
  return new WhepEngine(options);
}

class WhepEngine implements Engine {
  readonly id = 'whep';
  readonly #video: HTMLVideoElement;
  readonly #connection: RtcConnection;
  readonly #closing = new AbortController();
  readonly #reading: ReturnType<typeof setInterval>;
  #counters = countersOf([], 0);
  #delayMs: number | null = null;
  #network: NetworkState | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor({ video, stream, query, events, random }: EngineOptions) {
    this.#video = video;
    const media = new MediaStream();
    this.#connection = new RtcConnection({
      address: playPath(stream, 'whep', query),
      iceServers: [],
      connectWithinMs: CONNECT_WITHIN_MS,
      prepare: (peer) => receive(peer, media),
      events: { connected: () => undefined, failed: (failure) => events.failed(problemOf(failure)) },
      random,
    });
    this.#reading = setInterval(() => void this.#read(), READ_EVERY_MS);
    const { signal } = this.#closing;
    window.addEventListener('pagehide', () => this.#connection.close(), { signal });
    // The browser kept the page, and shows it again.
    const shown = ({ persisted }: PageTransitionEvent) =>
      persisted && events.failed({ reason: 'network', detail: 'the page was left' });
    window.addEventListener('pageshow', shown, { signal });
    video.srcObject = media;
  }

  /** There is no other place to be. */
  toLiveEdge(): void {}

  receivedBytes(): number {
    return this.#counters.bytes;
  }

  delay(): Delay | null {
    return this.#delayMs === null ? null : { ms: this.#delayMs, behind: 'buffer' };
  }

  network(): NetworkState | null {
    const nowMs = performance.now();
    if (nowMs - this.#askedMs >= ASK_EVERY_MS) {
      this.#askedMs = nowMs;
      this.#ask().catch(() => undefined);
    }
    return this.#network;
  }

  lagMs(): number {
    return 0;
  }

  protocol(): string {
    return 'WebRTC';
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    clearInterval(this.#reading);
    this.#connection.close();
    this.#video.srcObject = null;
  }

  async #ask(): Promise<void> {
    const told = await this.#connection.askForNetwork();
    if (told === null) this.#network = null;
    else if (told.network === 'strained') this.#network = 'strained';
    else this.#network = told.picture > 0 ? 'smaller' : 'good';
  }

  async #read(): Promise<void> {
    const now = await readCounters(this.#connection.peer);
    if (this.#closing.signal.aborted) return;
    const shown = now.waited - this.#counters.waited;
    this.#delayMs = shown > 0 ? (now.waitedMs - this.#counters.waitedMs) / shown : null;
    this.#counters = now;
  }
}

function problemOf(failure: RtcFailure): Problem {
  const detail = failure.kind === 'refused' ? `${failure.status} ${failure.detail}` : failure.detail;
  return { reason: reasonOf(failure), detail };
}

function reasonOf(failure: RtcFailure): ProblemReason {
  if (failure.kind === 'timeout') return 'timeout';
  if (failure.kind !== 'refused') return 'network';
  const { status } = failure;
  if (status === 404) return 'not-live';
  if (status === 401 || status === 403) return 'forbidden';
  return status === 406 ? 'not-carried' : 'network';
}
