import type { CallState, ConferenceJoin } from '@lianmai/contract/rest';
import { type CallAnswer, type CallApi, callApi } from '../conference/api.ts';

/** A session asks for news at least so often. */
const LONGEST_MS = 25_000;

/**
 * A talk as a call's session wants it: who is on air comes by the chat WebSocket instead of being asked for, and who leaves
 * says so there.
 */
export class TalkApi implements CallApi {
  readonly mute = callApi.mute;
  readonly #publishes: boolean;
  readonly #fresh: () => Promise<ConferenceJoin | null>;
  #join: ConferenceJoin;
  #given: ConferenceJoin | null = null;
  #tell: () => void = () => undefined;

  /**
   * @param publishes false: an anchor, who is seen by its room's own stream.
   * @param fresh asks for the same once more, with tokens of now; null: it is not known.
   */
  constructor(join: ConferenceJoin, publishes: boolean, fresh: () => Promise<ConferenceJoin | null>) {
    this.#join = join;
    this.#publishes = publishes;
    this.#fresh = fresh;
  }

  /** The newest word on who is on air. */
  update(join: ConferenceJoin): void {
    this.#join = join;
    this.#tell();
  }

  async join(): Promise<CallAnswer<ConferenceJoin>> {
    // Joining again is for what the first join gave and is too old.
    if (this.#given) this.#join = (await this.#fresh()) ?? this.#join;
    this.#given = this.#join;
    return { ok: true, value: this.#publishes ? this.#join : { ...this.#join, publish: null } };
  }

  async news(_conference: string, _token: string, _since: number, signal: AbortSignal): Promise<CallAnswer<CallState>> {
    if (this.#given === this.#join) await this.#change(signal);
    this.#given = this.#join;
    return { ok: true, value: this.#join };
  }

  leave(): void {}

  async kick(): Promise<CallAnswer<undefined>> {
    return { ok: true, value: undefined };
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, LONGEST_MS);
      signal.addEventListener('abort', done);
      this.#tell = done;
    });
  }
}
