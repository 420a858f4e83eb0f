import { Timer } from '../player/timer.ts';
import { httpSignalling, Refusal, type Signalling } from './endpoint.ts';
import { SignsOfLife } from './signs-of-life.ts';
import { SilenceWatch } from './silence-watch.ts';

/**
 * Why a connection is over. `refused`: the server said no; `unreachable`: it did not answer; `timeout`: it answered, but
 * no packet goes through; `broken`: it was connected; `gone`: it was, and the server has lost it.
 */
export type RtcFailure =
  | { kind: 'refused'; status: number; errorName: string; detail: string; retryAfterMs: number | null }
  | { kind: 'unreachable' | 'timeout' | 'broken' | 'gone'; detail: string };

/** `strained`: it does not carry what is sent. `picture`: 0 is the stream's own, 1 and 2 are smaller ones. */
export interface ViewerNetwork {
  network: 'good' | 'strained';
  picture: number;
}

export interface ConnectionEvents {
  connected(): void;
  /** Told once, and nothing after it; the connection has closed itself. */
  failed(failure: RtcFailure): void;
}

export interface ConnectionOptions {
  address: string;
  iceServers: readonly RTCIceServer[];
  /** Gives the peer what it sends or wants to receive. */
  prepare(peer: RTCPeerConnection): void;
  events: ConnectionEvents;
  /** From the answer until packets go through. */
  connectWithinMs?: number;
  signalling?: Signalling;
  createPeer?: (configuration: RTCConfiguration) => RTCPeerConnection;
  /** From 0 to 1. */
  random(): number;
}

/** Candidates that are there by then go into the offer; the server needs none, it answers to where packets come from. */
const GATHER_MS = 200;
const CONNECT_WITHIN_MS = 8_000;
/** Packets that pause a little are no loss yet. */
const DISCONNECTED_MS = 2_500;

/** One WHIP or WHEP session, from the offer to the end. It is not repeated: see RtcLink. */
export class RtcConnection {
  readonly #options: ConnectionOptions;
  readonly #signalling: Signalling;
  readonly #peer: RTCPeerConnection;
  readonly #closing = new AbortController();
  readonly #watchdog = new Timer();
  #silence: SilenceWatch | null = null;
  #location: string | null = null;
  #offer = '';
  #connected = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#signalling = options.signalling ?? httpSignalling;
    const create = options.createPeer ?? ((configuration) => new RTCPeerConnection(configuration));
    this.#peer = create({ iceServers: [...options.iceServers], bundlePolicy: 'max-bundle' });
    this.#peer.addEventListener('connectionstatechange', () => this.#look());
    void this.#open();
  }

  /** For its statistics. */
  get peer(): RTCPeerConnection {
    return this.#peer;
  }

  /** What the server says of a viewer's network; null when it does not say, or there is no session. */
  async askForNetwork(): Promise<ViewerNetwork | null> {
    if (this.#location === null) return null;
    const response = await fetch(this.#location, { signal: this.#closing.signal }).catch(() => null);
    return response?.ok ? ((await response.json()) as ViewerNetwork) : null;
  }

  /** Idempotent. Ends the session on the server, too. */
  close(): void {
    this.#close(false);
  }

  /** As {@link close}, when another connection takes its place: a publisher's viewers wait for that. Idempotent. */
  giveWay(): void {
    this.#close(true);
  }

  #close(again: boolean): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#watchdog.stop();
    this.#silence?.close();
    if (this.#location !== null) this.#signalling.end(this.#location, again);
    this.#peer.close();
  }

  async #open(): Promise<void> {
    const { address, prepare, connectWithinMs = CONNECT_WITHIN_MS } = this.#options;
    const { signal } = this.#closing;
    try {
      prepare(this.#peer);
      await this.#peer.setLocalDescription();
      await gathered(this.#peer, GATHER_MS);
      if (signal.aborted) return;
      this.#offer = this.#peer.localDescription?.sdp ?? '';
      const session = await this.#begin(address, this.#offer);
      if (session === null) return;
      this.#watchdog.start(connectWithinMs, () =>
        this.#fail({ kind: 'timeout', detail: `not connected after ${connectWithinMs / 1000} s` }),
      );
      await this.#peer.setRemoteDescription({ type: 'answer', sdp: session });
    } catch (error) {
      this.#fail(failureOf(error));
    }
  }

  /** @returns the answer; null when nobody wants it any more. */
  async #begin(address: string, offer: string): Promise<string | null> {
    // Not aborted by `close`: a session that is made meanwhile must be ended, and only its answer says where it is.
    const { answer, location } = await this.#signalling.begin(address, offer, new AbortController().signal);
    this.#location = location;
    if (!this.#closing.signal.aborted) return answer;
    if (location !== null) this.#signalling.end(location, false);
    return null;
  }

  #look(): void {
    switch (this.#peer.connectionState) {
      case 'connected':
        this.#watchdog.stop();
        if (this.#connected) return;
        this.#connected = true;
        this.#watchSilence();
        return this.#options.events.connected();
      case 'disconnected':
        return this.#watchdog.start(DISCONNECTED_MS, () => this.#fail({ kind: 'broken', detail: 'no packets' }));
      case 'failed':
      case 'closed':
        return this.#fail({ kind: this.#connected ? 'broken' : 'timeout', detail: this.#peer.connectionState });
    }
  }

  #watchSilence(): void {
    const location = this.#location;
    if (location === null) return;
    const signs = new SignsOfLife(this.#peer);
    this.#silence = new SilenceWatch({
      alive: () => signs.look(),
      ask: () => this.#signalling.ask(location, this.#offer, this.#closing.signal),
      gone: () => {
        // There is nothing to end.
        this.#location = null;
        this.#fail({ kind: 'gone', detail: 'the server has lost the session' });
      },
      random: this.#options.random,
    });
  }

  #fail(failure: RtcFailure): void {
    if (this.#closing.signal.aborted) return;
    // The place is free at once for the next attempt, and a publisher's viewers wait; a goodbye would send them away.
    this.#close(failure.kind === 'broken');
    this.#options.events.failed(failure);
  }
}

function failureOf(error: unknown): RtcFailure {
  if (error instanceof Refusal) {
    const { status, errorName, message, retryAfterMs } = error;
    return { kind: 'refused', status, errorName, detail: message, retryAfterMs };
  }
  return { kind: 'unreachable', detail: String(error) };
}

/** Resolves when all candidates are there, or after so long. */
function gathered(peer: RTCPeerConnection, mostMs: number): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      peer.removeEventListener('icegatheringstatechange', look);
      resolve();
    };
    const look = () => peer.iceGatheringState === 'complete' && done();
    const timer = setTimeout(done, mostMs);
    peer.addEventListener('icegatheringstatechange', look);
  });
}
