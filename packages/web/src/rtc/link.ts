import { reconnectDelayMs, STABLE_MS } from '../player/reconnect.ts';
import { Timer } from '../player/timer.ts';
import { type ConnectionOptions, RtcConnection, type RtcFailure } from './connection.ts';

export type LinkState = 'connecting' | 'connected' | 'closed';

export interface LinkOptions extends Omit<ConnectionOptions, 'events' | 'connectWithinMs'> {
  /** The state is another, or another attempt failed. */
  changed(): void;
  /** Asked for before the next attempt when the address is refused: it may have expired. Null: as it is, or as it was set meanwhile. */
  freshAddress?(): Promise<string | null>;
  /** Tells `online` when the network is back, perhaps another one; the window when not given. */
  network?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
}

/** Those whose session a worker took with it come back within this. */
const GONE_SPREAD_MS = 300;

/** A WHIP or WHEP session that is made anew whenever it breaks, until it is closed. */
export class RtcLink {
  readonly #options: LinkOptions;
  readonly #retry = new Timer();
  readonly #stable = new Timer();
  readonly #network: LinkOptions['network'];
  readonly #networkChanged = () => this.#restart();
  #address: string;
  #connection: RtcConnection | null = null;
  #state: LinkState = 'connecting';
  #wasConnected = false;
  #attempt = 0;
  #failure: RtcFailure | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#address = options.address;
    this.#network = options.network ?? (typeof window === 'undefined' ? undefined : window);
    this.#network?.addEventListener('online', this.#networkChanged);
    this.#open();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** It was connected once: connecting now is connecting again. */
  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  /** Why the last attempt failed; null once connected. */
  get failure(): RtcFailure | null {
    return this.#failure;
  }

  /** Where the next session is made. */
  set address(address: string) {
    this.#address = address;
  }

  /** Null between two attempts. */
  get peer(): RTCPeerConnection | null {
    return this.#connection?.peer ?? null;
  }

  /** Makes the next attempt now, if one is waited for: the network is back, or the stream is. */
  hurry(): void {
    const failure = this.#failure;
    if (this.#retry.running && failure) this.#retry.start(0, () => void this.#again(failure));
  }

  /** Ends the session that is connected and makes another. */
  renew(): void {
    if (this.#state !== 'connected') return;
    this.#state = 'connecting';
    this.#stable.stop();
    this.#connection?.close();
    this.#open();
    this.#options.changed();
  }

  /**
   * Does what an ICE restart would do: packets took a path that is gone. Where it was not connected yet, tries again at once.
   */
  #restart(): void {
    if (this.#state !== 'connected') return this.hurry();
    this.#state = 'connecting';
    this.#stable.stop();
    this.#connection?.giveWay();
    this.#open();
    this.#options.changed();
  }

  /** Idempotent. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#network?.removeEventListener('online', this.#networkChanged);
    this.#retry.stop();
    this.#stable.stop();
    this.#connection?.close();
    this.#connection = null;
  }

  #open(): void {
    const { prepare, iceServers, signalling, createPeer, random } = this.#options;
    this.#connection = new RtcConnection({
      address: this.#address,
      iceServers,
      prepare,
      random,
      ...(signalling && { signalling }),
      ...(createPeer && { createPeer }),
      events: { connected: () => this.#connected(), failed: (failure) => this.#failed(failure) },
    });
  }

  #connected(): void {
    this.#state = 'connected';
    this.#wasConnected = true;
    this.#failure = null;
    this.#stable.start(STABLE_MS, () => {
      this.#attempt = 0;
    });
    this.#options.changed();
  }

  #failed(failure: RtcFailure): void {
    this.#connection = null;
    this.#state = 'connecting';
    this.#failure = failure;
    this.#stable.stop();
    this.#attempt++;
    this.#retry.start(this.#delayMs(failure), () => void this.#again(failure));
    this.#options.changed();
  }

  #delayMs(failure: RtcFailure): number {
    const { random } = this.#options;
    if (failure.kind === 'gone' && this.#attempt === 1) return GONE_SPREAD_MS * random();
    const delayMs = reconnectDelayMs(this.#attempt, random());
    const askedMs = failure.kind === 'refused' ? (failure.retryAfterMs ?? 0) : 0;
    return Math.max(delayMs, askedMs * (1 + random() / 2));
  }

  async #again(failure: RtcFailure): Promise<void> {
    const isForbidden = failure.kind === 'refused' && (failure.status === 401 || failure.status === 403);
    const address = isForbidden ? await this.#options.freshAddress?.().catch(() => null) : null;
    if (this.#state === 'closed') return;
    if (address) this.#address = address;
    this.#open();
  }
}
