/** What is stored under a key. */
export interface StoredBlob {
  bytes: number;
  modifiedAtMs: number;
}

/** `pictures/pic_0a1b…`: folders and a name of letters, digits, `_`, `-` and `.`, none beginning with a dot; at most 512 characters. */
export type StorageKey = string;

/**
 * Blobs by key: pictures, recordings. They are written whole and never changed, so the same interface fits a file system and
 * an object store.
 */
export interface Storage {
  /**
   * Stores it, in place of what was there; all of it or nothing, and on the disk when it resolves.
   * @param maxBytes a longer one is not stored.
   * @throws LiveError TOO_LARGE, UNAVAILABLE when the storage is full or cannot be reached.
   */
  put(
    key: StorageKey,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: { maxBytes: number },
  ): Promise<StoredBlob>;
  /**
   * All of it; null: nothing is there.
   * @throws LiveError TOO_LARGE when it is longer than `maxBytes`.
   */
  get(key: StorageKey, options: { maxBytes: number }): Promise<Buffer | null>;
  stat(key: StorageKey): Promise<StoredBlob | null>;
  /** Answers whether there was one. */
  delete(key: StorageKey): Promise<boolean>;
}

const KEY = /^(?=.{1,512}$)[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/;

/** Keys are made by us, never by callers: a wrong one is a mistake in the program. */
export function checkKey(key: StorageKey): void {
  if (!KEY.test(key)) throw new Error(`"${key.slice(0, 100)}" cannot be a storage key`);
}
