import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LiveError } from '@lianmai/contract';
import { checkKey, type Storage, type StorageKey, type StoredBlob } from './storage.ts';

/** What is being written stands here, on the same file system, until it is whole. */
const UNFINISHED = '.unfinished';
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Older ones were left behind by a process that was killed. */
const UNFINISHED_FOR_MS = 24 * 3_600_000;

/** Blobs as files below a folder, the key being the path. */
export class FileStorage implements Storage {
  readonly #root: string;

  /** @param root made when missing. */
  constructor(root: string) {
    this.#root = root;
  }

  async put(
    key: StorageKey,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { maxBytes }: { maxBytes: number },
  ): Promise<StoredBlob> {
    const target = this.#path(key);
    const unfinished = join(this.#root, UNFINISHED, randomBytes(12).toString('hex'));
    try {
      await mkdir(dirname(unfinished), { recursive: true, mode: FOLDER_MODE });
      await mkdir(dirname(target), { recursive: true, mode: FOLDER_MODE });
      await writeWhole(unfinished, body, maxBytes, key);
      await rename(unfinished, target);
      await syncFolder(dirname(target));
      return await statOf(target);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw isFull(error) ? new LiveError('UNAVAILABLE', 'the storage is full: make room on its disk') : error;
    }
  }

  async get(key: StorageKey, { maxBytes }: { maxBytes: number }): Promise<Buffer | null> {
    const file = await open(this.#path(key), 'r').catch(orNothing);
    if (!file) return null;
    try {
      const { size } = await file.stat();
      if (size > maxBytes) throw tooLarge(key, maxBytes);
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async stat(key: StorageKey): Promise<StoredBlob | null> {
    return (await statOf(this.#path(key)).catch(orNothing)) ?? null;
  }

  async delete(key: StorageKey): Promise<boolean> {
    const path = this.#path(key);
    const gone = await unlink(path).then(() => true, orNothing);
    if (gone) await syncFolder(dirname(path));
    return gone === true;
  }

  /** Removes what processes that were killed left half written. */
  async tidy(nowMs: number): Promise<void> {
    const folder = join(this.#root, UNFINISHED);
    for (const name of (await readdir(folder).catch(orNothing)) ?? []) {
      const path = join(folder, name);
      const found = await statOf(path).catch(orNothing);
      if (found && nowMs - found.modifiedAtMs > UNFINISHED_FOR_MS) await rm(path, { force: true });
    }
  }

  #path(key: StorageKey): string {
    checkKey(key);
    return join(this.#root, key);
  }
}

async function writeWhole(
  path: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  maxBytes: number,
  key: StorageKey,
): Promise<void> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'wx', FILE_MODE);
    let written = 0;
    for await (const part of body instanceof Uint8Array ? [body] : body) {
      written += part.byteLength;
      if (written > maxBytes) throw tooLarge(key, maxBytes);
      await file.writeFile(part);
    }
    await file.sync();
  } finally {
    await file?.close();
  }
}

/** The new name is on the disk only when its folder is (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function statOf(path: string): Promise<StoredBlob> {
  const { size, mtimeMs } = await stat(path);
  return { bytes: size, modifiedAtMs: Math.round(mtimeMs) };
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EROFS'].includes(String(codeOf(error)));

function orNothing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
  return undefined;
}

const tooLarge = (key: StorageKey, maxBytes: number): LiveError =>
  new LiveError('TOO_LARGE', `"${key}" is larger than ${maxBytes} bytes`);
