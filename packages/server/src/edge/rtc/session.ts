import { type EndReason, LiveError } from '@lianmai/contract';
import type { IceFragment } from '@lianmai/media/sdp';
import type { Peer } from './peer.ts';
import type { ViewerState } from './whep-viewer.ts';

export interface RtcSessionOptions {
  id: string;
  kind: 'whip' | 'whep';
  stream: string;
  peer: Pick<Peer, 'connected' | 'answer' | 'addCandidates' | 'send' | 'close'>;
  /** The client's, of its offer. */
  iceUfrag: string;
  startedMs: number;
  /** Called once, when it is over. */
  over(reason: EndReason): void;
}

/** A client that has not reached us after so many seconds never will. */
const CONNECT_WITHIN_S = 30;
/** Clients that close their connection before they say goodbye by DELETE do so at once. */
const GOODBYE_WITHIN_MS = 500;

/** One WHIP or WHEP resource: a connection and what it is for. */
export class RtcSession {
  readonly id: string;
  readonly kind: RtcSessionOptions['kind'];
  readonly stream: string;
  readonly startedMs: number;
  readonly peer: RtcSessionOptions['peer'];
  /** What a viewer may ask about its session. */
  state: () => ViewerState | null = () => null;
  readonly #options: RtcSessionOptions;
  #over = false;
  #connectingS = 0;
  #vanishing: NodeJS.Timeout | undefined;

  constructor(options: RtcSessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.kind = options.kind;
    this.stream = options.stream;
    this.startedMs = options.startedMs;
    this.peer = options.peer;
  }

  get etag(): string {
    return `"${this.id.slice(0, 16)}"`;
  }

  /**
   * Candidates the client found after its offer.
   * @param ifMatch the request's precondition.
   * @throws LiveError PRECONDITION_FAILED, ICE_RESTART_UNSUPPORTED.
   */
  trickle(fragment: IceFragment, ifMatch: string | undefined): void {
    const restarts = fragment.iceUfrag !== null && fragment.iceUfrag !== this.#options.iceUfrag;
    if (!restarts && ifMatch !== undefined && ifMatch !== '*' && ifMatch !== this.etag)
      throw new LiveError('PRECONDITION_FAILED', 'If-Match names another ICE session: take the ETag of the answer');
    if (restarts)
      throw new LiveError(
        'ICE_RESTART_UNSUPPORTED',
        'ICE cannot be restarted here: DELETE this session with ?again=1 and POST the offer of a new connection; viewers wait for it',
      );
    this.peer.addCandidates(fragment.candidates);
  }

  /**
   * Once a second, by a timer: ends what never connected. Seconds are counted and no clock is read, for when our own event loop stood
   * still its timers come first, and who connected meanwhile is only heard after them.
   */
  second(): void {
    if (!this.peer.connected && ++this.#connectingS > CONNECT_WITHIN_S) this.end('timed-out');
  }

  /** The client's end is closed: it has vanished, unless its DELETE is on the way. */
  clientClosed(): void {
    if (!this.#over) this.#vanishing ??= setTimeout(() => this.end('vanished'), GOODBYE_WITHIN_MS);
  }

  /** Idempotent. */
  end(reason: EndReason): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#vanishing);
    this.peer.close();
    this.#options.over(reason);
  }
}
