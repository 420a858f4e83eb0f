import { readCounters } from '../rtc/counters.ts';
import { type Bars, Quality } from '../rtc/quality.ts';
import { Speaking } from '../rtc/speaking.ts';

const READ_EVERY_MS = 400;

export interface Reading {
  bars: Bars | null;
  speaking: boolean;
}

const UNREAD: Reading = { bars: null, speaking: false };

interface Watched {
  peer(): RTCPeerConnection | null;
  /** What was read last. */
  read: RTCPeerConnection | null;
  quality: Quality;
  loudness: Speaking;
  reading: Reading;
}

/** Reads all connections now and then: how good they are, and who speaks. */
export class Meter {
  readonly #changed: () => void;
  readonly #watched = new Map<string, Watched>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #reading = false;

  /** @param changed called when a reading is another than before. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  of(key: string): Reading {
    return this.#watched.get(key)?.reading ?? UNREAD;
  }

  /** Reads these from now on, and no others. @param peers give the connection of the moment. */
  watch(peers: readonly { key: string; peer(): RTCPeerConnection | null }[]): void {
    for (const key of this.#watched.keys()) if (!peers.some((one) => one.key === key)) this.#watched.delete(key);
    for (const { key, peer } of peers) {
      if (this.#watched.has(key)) continue;
      const fresh = { read: null, quality: new Quality(), loudness: new Speaking(), reading: UNREAD };
      this.#watched.set(key, { peer, ...fresh });
    }
    this.#timer ??= setInterval(() => void this.#readAll(), READ_EVERY_MS);
  }

  /** Idempotent. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#watched.clear();
  }

  async #readAll(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const changes = await Promise.all([...this.#watched.values()].map(read));
    this.#reading = false;
    if (changes.includes(true)) this.#changed();
  }
}

/** @returns whether it is another reading than before. */
async function read(watched: Watched): Promise<boolean> {
  const peer = watched.peer();
  if (peer !== watched.read) watched.quality.forget();
  watched.read = peer;
  const counters = peer && (await readCounters(peer));
  if (counters) watched.quality.add(counters);
  const before = watched.reading;
  watched.reading = {
    bars: watched.quality.bars,
    speaking: watched.loudness.add(counters?.audioLevel ?? 0, performance.now()),
  };
  return before.bars !== watched.reading.bars || before.speaking !== watched.reading.speaking;
}
