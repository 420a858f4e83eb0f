import { type EndReason, type ErrorBody, LiveError, type StreamHolder } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { Lease } from '../../bus/bus.ts';
import type { LiveStreamImpl } from './live-stream.ts';
import type { Publication, PublishOptions } from './ports.ts';
import {
  type PublicationEffect,
  type PublicationEvent,
  type PublicationLimits,
  type PublicationState,
  stepPublication,
} from './publication-state.ts';

/** What a publication needs of the hub. */
export interface PublicationHost {
  readonly limits: PublicationLimits;
  /** Frames that may wait while the lease is asked for. */
  readonly maxWaitingBytes: number;
  now(): number;
  /** `held`: this session has it already; null: somebody else does. */
  acquire(stream: LiveStreamImpl): Promise<Lease | 'held' | null>;
  interrupted(publication: LocalPublication): void;
  resumed(publication: LocalPublication): void;
  /** The publisher does not come back: the stream is over. */
  over(publication: LocalPublication, reason: EndReason): void;
}

/** A publisher connected to this worker: carries out what {@link stepPublication} says. */
export class LocalPublication implements Publication {
  readonly stream: LiveStreamImpl;
  readonly holder: StreamHolder;
  readonly #host: PublicationHost;
  readonly #onRevoked: PublishOptions['onRevoked'];
  #state: PublicationState;
  #lease: Lease | null;
  #heard = false;
  #revokedWith: LiveError | null = null;
  #waiting: Frame[] = [];
  #waitingBytes = 0;

  constructor(
    stream: LiveStreamImpl,
    holder: StreamHolder,
    lease: Lease,
    onRevoked: PublishOptions['onRevoked'],
    host: PublicationHost,
  ) {
    this.stream = stream;
    this.holder = holder;
    this.#lease = lease;
    this.#onRevoked = onRevoked;
    this.#host = host;
    this.#state = { at: 'live', heardMs: host.now() };
  }

  /** Whether it feeds the stream now. */
  get live(): boolean {
    return this.#state.at === 'live';
  }

  write(frame: Frame): void {
    if (this.#state.at === 'live') return this.stream.write(frame, this.#host.now());
    if (this.#state.at === 'silent') this.#step({ type: 'heard' });
    if (this.#state.at === 'returning') this.#wait(frame);
  }

  received(bytes: number): void {
    if (this.#state.at === 'over') return;
    this.stream.countReceived(bytes);
    // While live the next tick looks at the clock for all the reads before it.
    if (this.#state.at === 'live') this.#heard = true;
    else this.#step({ type: 'heard' });
  }

  end(reason: EndReason): void {
    this.#step(reason === 'vanished' ? { type: 'lost' } : { type: 'goodbye', reason });
  }

  tick(): void {
    if (this.#heard) this.#step({ type: 'heard' });
    this.#heard = false;
    this.#step({ type: 'tick' });
  }

  revoke(reason: EndReason, error?: ErrorBody['error']): void {
    this.#revokedWith = error ? LiveError.fromBody({ error }) : null;
    this.#step({ type: 'revoked', reason });
  }

  /** Another publisher has the stream. */
  replaced(): void {
    this.#step({ type: 'replaced' });
  }

  /** The lease ended without our doing: it is asked for again, the stream goes on meanwhile. */
  leaseLost(): void {
    if (this.#state.at === 'live') void this.#askForLease();
  }

  #step(event: PublicationEvent): void {
    const { state, effects } = stepPublication(this.#state, event, this.#host.now(), this.#host.limits);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: PublicationEffect): void {
    switch (effect.do) {
      case 'interrupt':
        return this.#host.interrupted(this);
      case 'releaseLease': {
        const lease = this.#lease;
        this.#lease = null;
        // It ends with this process in any case; there is nobody to tell when the bus is gone.
        lease?.release().catch(() => {});
        return;
      }
      case 'askForLease':
        return void this.#askForLease();
      case 'resume':
        this.#host.resumed(this);
        return this.#letGo();
      case 'tellPeer':
        return this.#onRevoked(effect.reason, this.#revokedWith ?? revocation(effect.reason));
      case 'endStream':
        return this.#host.over(this, effect.reason);
    }
  }

  async #askForLease(): Promise<void> {
    try {
      const lease = await this.#host.acquire(this.stream);
      if (lease !== null && lease !== 'held') this.#lease = lease;
      this.#step({ type: lease === null ? 'replaced' : 'regained' });
    } catch {
      // Nobody can say now. The next bytes ask again; without an answer the grace runs out.
      if (this.#state.at === 'returning') this.#state = { at: 'silent', sinceMs: this.#state.sinceMs };
    }
    if (this.#state.at === 'over') this.#carryOut({ do: 'releaseLease' });
  }

  #wait(frame: Frame): void {
    this.#waiting.push(frame);
    this.#waitingBytes += frame.data.length;
    if (this.#waitingBytes <= this.#host.maxWaitingBytes) return;
    this.#waiting = this.#waiting.filter(({ type }) => type === 'config');
    this.#waitingBytes = 0;
    this.stream.gap();
  }

  #letGo(): void {
    const frames = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const frame of frames) this.stream.write(frame, this.#host.now());
  }
}

function revocation(reason: EndReason): LiveError {
  switch (reason) {
    case 'timed-out':
      return new LiveError('PUSH_TIMED_OUT', 'no media came for too long: push again after 30 s');
    case 'replaced':
      return new LiveError('STREAM_ALREADY_PUBLISHED', 'another publisher has taken this stream over');
    case 'shutdown':
      return new LiveError('UNAVAILABLE', 'this server is shutting down: push again to reach another one');
    case 'disconnected':
      return new LiveError('FORBIDDEN', 'the stream was ended by its operator');
    default:
      return new LiveError('FORBIDDEN', `the stream was ended: ${reason}`);
  }
}
