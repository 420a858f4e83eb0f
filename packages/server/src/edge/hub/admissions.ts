import { LiveError, type PlayPolicy } from '@lianmai/contract';
import { checkPlay } from './play-policy.ts';
import type { PlayOptions } from './ports.ts';

/** Told once that a viewer that was let in may not stay. */
export type Revoked = (error: LiveError) => void;

/** Viewers who came by the same address are looked at together. */
interface Admitted {
  options: PlayOptions;
  /** When the first of them came: an address that has expired since then is still good for those who are in. */
  atMs: number;
  viewers: Set<Revoked>;
}

/** Addresses that are looked at in one turn of the event loop. */
const CHECKED_AT_ONCE = 200;

/**
 * Who was let in by what, for streams that do not let everybody in: when a stream's rules change, those whom they would refuse
 * now are sent away. Nothing is remembered of viewers of open streams.
 */
export class Admissions {
  /** By stream, then by the address' query. */
  readonly #admitted = new Map<string, Map<string, Admitted>>();
  /** Streams being looked at, and the rules to look by. */
  readonly #checking = new Map<string, PlayPolicy>();

  /** @returns forgets the viewer, to be called when it has left; null when the stream is open. */
  add(policy: PlayPolicy, options: PlayOptions, nowMs: number, revoked: Revoked): (() => void) | null {
    if (policy.signedWith === null && !policy.members) return null;
    const { stream, query } = options;
    const addresses = this.#admitted.get(stream) ?? new Map<string, Admitted>();
    const admitted = addresses.get(query) ?? { options, atMs: nowMs, viewers: new Set<Revoked>() };
    this.#admitted.set(stream, addresses.set(query, admitted));
    admitted.viewers.add(revoked);
    return () => {
      if (!admitted.viewers.delete(revoked) || admitted.viewers.size > 0) return;
      addresses.delete(query);
      if (addresses.size === 0 && this.#admitted.get(stream) === addresses) this.#admitted.delete(stream);
    };
  }

  /** The stream has other rules. Many viewers are looked at a few at a time. */
  changed(stream: string, policy: PlayPolicy): void {
    const isChecking = this.#checking.has(stream);
    this.#checking.set(stream, policy);
    if (!isChecking) this.#check(stream, policy, [...(this.#admitted.get(stream)?.values() ?? [])]);
  }

  #check(stream: string, policy: PlayPolicy, admitted: readonly Admitted[]): void {
    for (const { options, atMs, viewers } of admitted.slice(0, CHECKED_AT_ONCE)) {
      const refusal = refusalOf(policy, options, atMs);
      if (refusal) for (const revoked of [...viewers]) revoked(refusal);
    }
    const newest = this.#checking.get(stream) ?? policy;
    const rest = admitted.slice(CHECKED_AT_ONCE);
    if (newest !== policy) {
      const all = [...(this.#admitted.get(stream)?.values() ?? [])];
      setImmediate(() => this.#check(stream, newest, all));
    } else if (rest.length > 0) setImmediate(() => this.#check(stream, policy, rest));
    else this.#checking.delete(stream);
  }
}

function refusalOf(policy: PlayPolicy, options: PlayOptions, atMs: number): LiveError | null {
  try {
    checkPlay(policy, options, atMs);
    return null;
  } catch (error) {
    if (error instanceof LiveError) return error;
    throw error;
  }
}
