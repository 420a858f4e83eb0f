import { reconnectDelayMs, STABLE_MS } from '../player/reconnect.ts';
import { Timer } from '../player/timer.ts';
import { type ConnectionOptions, RtcConnection, type RtcFailure } from './connection.ts';

export type LinkState = 'connecting' | 'connected' | 'closed';

export interface LinkOptions extends Omit<ConnectionOptions, 'events' | 'connectWithinMs'> {
  /** The state is another, or another attempt failed. */
  changed(): void;
  /** From 0 to 1. */
  random(): number;
  /** Tells `online` when the network is back, perhaps another one; the window when not given. */
  network?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
}

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
    if (this.#retry.running) this.#retry.start(0, () => this.#open());
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
    const { prepare, iceServers, signalling, createPeer } = this.#options;
    this.#connection = new RtcConnection({
      address: this.#address,
      iceServers,
      prepare,
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
    this.#retry.start(reconnectDelayMs(this.#attempt, this.#options.random()), () => this.#open());
    this.#options.changed();
  }
}
