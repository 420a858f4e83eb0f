import { Timer } from '../player/timer.ts';
import type { Muted } from './api.ts';

export interface MuteSyncOptions {
  /** Tells the server. `forbidden`: the owner muted, and only the owner opens again. */
  send(changed: Partial<Muted>): Promise<'done' | 'forbidden' | 'failed'>;
  /** The owner decided otherwise: microphone or camera have to go off. */
  overruled(kinds: readonly (keyof Muted)[]): void;
}

/** News may have been on their way when the server took a change: for so long they are not believed against it. */
const CROSSING_MS = 1_500;
const KINDS = ['audio', 'video'] as const;

/** Keeps what the others are shown of one's microphone and camera in step with what they are, and with the owner's word. */
export class MuteSync {
  readonly #options: MuteSyncOptions;
  readonly #crossing = new Timer();
  #wanted: Muted;
  /** What the server is known to have taken. */
  #taken: Muted;
  #heard: Muted | null = null;
  #sending = false;
  #closed = false;

  /** @param taken what the server has. */
  constructor(options: MuteSyncOptions, taken: Muted, wanted: Muted) {
    this.#options = options;
    this.#taken = taken;
    this.#wanted = wanted;
    void this.#push();
  }

  set(wanted: Muted): void {
    this.#wanted = wanted;
    void this.#push();
  }

  /** The server's newest word. */
  heard(muted: Muted): void {
    this.#heard = muted;
    if (this.#sending || this.#crossing.running) return;
    const overruled = KINDS.filter((kind) => muted[kind] && !this.#taken[kind] && !this.#wanted[kind]);
    this.#taken = muted;
    if (overruled.length > 0) this.#giveWay(overruled);
    void this.#push();
  }

  close(): void {
    this.#closed = true;
    this.#crossing.stop();
  }

  async #push(): Promise<void> {
    while (!this.#sending && !this.#closed) {
      const kinds = KINDS.filter((kind) => this.#wanted[kind] !== this.#taken[kind]);
      if (kinds.length === 0) return;
      const changed = Object.fromEntries(kinds.map((kind) => [kind, this.#wanted[kind]])) as Partial<Muted>;
      this.#sending = true;
      const outcome = await this.#options.send(changed);
      this.#sending = false;
      // The next news bring it up again.
      if (outcome === 'failed' || this.#closed) return;
      if (outcome === 'forbidden') {
        const refused = kinds.filter((kind) => changed[kind] === false);
        if (refused.length === 0) return;
        this.#giveWay(refused);
        continue;
      }
      this.#taken = { ...this.#taken, ...changed };
      this.#crossing.start(CROSSING_MS, () => this.#heard && this.heard(this.#heard));
    }
  }

  #giveWay(kinds: readonly (keyof Muted)[]): void {
    for (const kind of kinds) {
      this.#wanted = { ...this.#wanted, [kind]: true };
      this.#taken = { ...this.#taken, [kind]: true };
    }
    this.#options.overruled(kinds);
  }
}
