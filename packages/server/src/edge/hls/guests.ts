import { Audience } from './audience.ts';

interface GuestStream {
  audience: Audience;
  viewers: number;
  bytes: number;
  /** Viewers last reported. */
  told: number;
  untilTellMs: number;
}

/** A report is good until the next, which comes well before the packager forgets it. */
const TELL_EVERY_MS = 2000;

/** Viewers here of streams that another worker packages; that worker counts and meters them. */
export class Guests {
  readonly #streams = new Map<string, GuestStream>();

  seen(stream: string, session: string, untilMs: number): void {
    this.#stream(stream).audience.seen(session, untilMs);
  }

  sent(stream: string, bytes: number): void {
    this.#stream(stream).bytes += bytes;
  }

  /** @param tell passes on, for each stream there is news of, its viewers and the bytes sent since last time. */
  sweep(nowMs: number, tell: (stream: string, viewers: number, bytes: number) => void): void {
    for (const [name, stream] of this.#streams) {
      stream.audience.sweep(nowMs);
      const { viewers, bytes, told, untilTellMs } = stream;
      if (viewers === told && nowMs < untilTellMs) continue;
      if (viewers > 0 || told > 0 || bytes > 0) tell(name, viewers, bytes);
      else this.#streams.delete(name);
      Object.assign(stream, { bytes: 0, told: viewers, untilTellMs: nowMs + TELL_EVERY_MS });
    }
  }

  #stream(name: string): GuestStream {
    const known = this.#streams.get(name);
    if (known) return known;
    const audience = new Audience((change) => {
      stream.viewers += change;
    });
    const stream: GuestStream = { audience, viewers: 0, bytes: 0, told: 0, untilTellMs: 0 };
    this.#streams.set(name, stream);
    return stream;
  }
}
