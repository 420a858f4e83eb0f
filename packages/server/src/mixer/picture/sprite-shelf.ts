import { type Sprite, spriteBytes } from './sprite.ts';

/** What nobody uses any more is kept up to so many bytes. */
const MOST_BYTES = 8 << 20;

interface Entry {
  sprite: Sprite | null;
  usedIn: number;
}

/** Things drawn once: made aside, kept while they are used and a while longer. */
export class SpriteShelf {
  readonly #ready: () => void;
  readonly #entries = new Map<string, Entry>();
  readonly #making = new Set<Promise<void>>();
  #round = 0;
  #isClosed = false;

  /** @param ready something that was asked for is there now */
  constructor(ready: () => void) {
    this.#ready = ready;
  }

  /** All that is not asked for from now on may go. */
  nextRound(): void {
    this.#round++;
  }

  /**
   * @param key tells all that it depends on
   * @param make null: there is nothing to draw
   * @returns null: not there yet, or nothing
   */
  get(key: string, make: () => Promise<Sprite | null>): Sprite | null {
    const known = this.#entries.get(key);
    if (known) {
      known.usedIn = this.#round;
      return known.sprite;
    }
    const entry: Entry = { sprite: null, usedIn: this.#round };
    this.#entries.set(key, entry);
    const making = this.#make(entry, make).finally(() => this.#making.delete(making));
    this.#making.add(making);
    return null;
  }

  /** Everything asked for is there. */
  async idle(): Promise<void> {
    while (this.#making.size > 0) await Promise.all(this.#making);
  }

  close(): void {
    this.#isClosed = true;
    this.#entries.clear();
  }

  async #make(entry: Entry, make: () => Promise<Sprite | null>): Promise<void> {
    entry.sprite = await make();
    if (this.#isClosed) return;
    this.#evict();
    if (entry.sprite) this.#ready();
  }

  #evict(): void {
    let bytes = 0;
    for (const { sprite } of this.#entries.values()) if (sprite) bytes += spriteBytes(sprite);
    for (const [key, { sprite, usedIn }] of this.#entries) {
      if (bytes <= MOST_BYTES) return;
      if (usedIn === this.#round) continue;
      this.#entries.delete(key);
      if (sprite) bytes -= spriteBytes(sprite);
    }
  }
}
