import { createHash } from 'node:crypto';
import { LiveError, type Program } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';
import type { LiveBoard } from '../live/board.ts';
import type { RoomWithAnchor } from './store.ts';

export interface ThumbnailsOptions {
  bus: Bus;
  live: Pick<LiveBoard, 'get'>;
  /** What viewers of a channel's stream get in its place. */
  programs: { get(stream: string): Program | null };
  now: () => number;
}

export interface Thumbnail {
  jpeg: Buffer;
  etag: string;
  madeAtMs: number;
}

/** px. */
const WIDEST = 360;
/** A picture is shown for so long; then the next who asks has a new one made, and is shown the old one if it is not too old. */
export const FRESH_MS = 20_000;
const STALE_MS = 60_000;
/** Where there was none, it is not asked for again so soon. */
const NONE_FOR_MS = 5000;
/** Some 20 kB each. */
const MOST_KEPT = 500;
const MADE_WITHIN_MS = 8000;

interface Kept {
  /** null: there was none. */
  thumbnail: Thumbnail | null;
  atMs: number;
  next: Promise<Thumbnail | null> | null;
}

/** Small pictures of what is on air in rooms: made when somebody asks, once for all who ask, kept for a moment. */
export class Thumbnails {
  readonly #options: ThumbnailsOptions;
  /** By stream; those asked for last are at the end. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: ThumbnailsOptions) {
    this.#options = options;
  }

  /** null: nothing is to be seen of the room now. */
  async of(room: Pick<RoomWithAnchor, 'stream' | 'channelId' | 'state'>): Promise<Thumbnail | null> {
    const stream = room.state === 'live' ? this.#sourceOf(room) : null;
    return stream === null ? null : this.#get(stream);
  }

  /** The anchor's own stream; what viewers are shown, when there is none. */
  #sourceOf({ stream, channelId }: Pick<RoomWithAnchor, 'stream' | 'channelId'>): string | null {
    const { live, programs } = this.#options;
    const entry = live.get(stream);
    if (entry?.channelId === channelId && entry.interruptedAtMs === null) return stream;
    const program = programs.get(stream);
    return program?.kind === 'mix' && program.channelId === channelId ? program.source : null;
  }

  async #get(stream: string): Promise<Thumbnail | null> {
    const nowMs = this.#options.now();
    const kept = this.#kept.get(stream) ?? { thumbnail: null, atMs: Number.NEGATIVE_INFINITY, next: null };
    this.#kept.delete(stream);
    this.#kept.set(stream, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const { thumbnail, atMs } = kept;
    const ageMs = nowMs - atMs;
    if (ageMs >= 0 && ageMs < (thumbnail ? FRESH_MS : NONE_FOR_MS)) return thumbnail;
    kept.next ??= this.#renew(stream, kept);
    return thumbnail && ageMs >= 0 && ageMs < STALE_MS ? thumbnail : kept.next;
  }

  /** Never rejects. */
  async #renew(stream: string, kept: Kept): Promise<Thumbnail | null> {
    const { bus, now } = this.#options;
    try {
      const answer = await bus.request('transcoder.still', { stream, width: WIDEST }, { timeoutMs: MADE_WITHIN_MS });
      const jpeg = Buffer.from(answer.jpeg, 'base64');
      const etag = `"${createHash('sha256').update(jpeg).digest('base64url').slice(0, 22)}"`;
      kept.thumbnail = { jpeg, etag, madeAtMs: now() };
    } catch (error) {
      // The picture before is better than none where the machine has too much to do.
      const isOver = error instanceof LiveError && error.name === 'STREAM_NOT_LIVE';
      if (isOver || now() - kept.atMs > STALE_MS) kept.thumbnail = null;
    }
    kept.atMs = now();
    kept.next = null;
    return kept.thumbnail;
  }
}
