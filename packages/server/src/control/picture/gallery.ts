import { createHash } from 'node:crypto';
import { LiveError, type PictureId } from '@lianmai/contract';
import { type ImageHeader, readImageHeader } from '@lianmai/media/image';
import { loadPicture, MAX_PICTURE_BYTES, pictureKey } from '../../storage/pictures.ts';
import type { Storage } from '../../storage/storage.ts';
import type { PictureRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { lockAccount } from '../account/store.ts';
import * as store from './store.ts';

/** px, each side. */
const MAX_SIDE = 4096;
/** Of an account, all its apps together. */
export const PICTURE_QUOTA = { count: 2000, bytes: 500 << 20 } as const;

export interface GalleryOptions {
  db: Db;
  storage: Storage;
  now: () => number;
}

export interface PictureOwner {
  appId: string;
  accountId: string;
}

/** Pictures that were uploaded: rows in the database say whose, the storage has the bytes, once for the same content. */
export class Gallery {
  readonly #options: GalleryOptions;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: GalleryOptions) {
    this.#options = options;
  }

  /**
   * Stores a picture for an app; the same content again is the same picture.
   * @param bytes PNG, JPEG or WebP, up to 5 MB and 4096 px a side. Only its header is looked at.
   * @throws LiveError UNSUPPORTED_MEDIA_TYPE, TOO_LARGE, STORAGE_QUOTA_EXCEEDED, ACCOUNT_….
   */
  add({ appId, accountId }: PictureOwner, bytes: Buffer): Promise<PictureRow> {
    const { type, width, height } = checkPicture(bytes);
    const createdAt = this.#options.now();
    const row = { id: idOf(bytes), appId, accountId, type, width, height, bytes: bytes.length, createdAt };
    return this.#oneAfterAnother(() => this.#keep(row, bytes));
  }

  /** The bytes and their type; null: there is no such picture (any more). */
  async open(id: PictureId): Promise<{ bytes: Buffer; type: ImageHeader['type'] } | null> {
    const bytes = await loadPicture(this.#options.storage, id);
    const header = bytes && readImageHeader(bytes);
    return header ? { bytes, type: header.type } : null;
  }

  /**
   * An app lets go of a picture; when none has it any more, the bytes go too.
   * @param appId null: all apps.
   * @returns whether it had it.
   */
  remove(id: PictureId, appId: string | null): Promise<boolean> {
    const { db, storage } = this.#options;
    return this.#oneAfterAnother(async () => {
      if (!(await store.deletePicture(db, id, appId))) return false;
      if (!(await store.knownPictures(db, [id])).has(id)) await storage.delete(pictureKey(id));
      return true;
    });
  }

  async #keep(row: PictureRow, bytes: Buffer): Promise<PictureRow> {
    const { db, storage } = this.#options;
    const key = pictureKey(row.id);
    // Before the row, so that what has a row is there.
    const isNew = (await storage.stat(key)) === null;
    if (isNew) await storage.put(key, bytes, { maxBytes: MAX_PICTURE_BYTES });
    try {
      return await db.transaction().execute((tx) => insertWithinQuota(tx, row));
    } catch (error) {
      if (isNew) await storage.delete(key);
      throw error;
    }
  }

  /** So that none deletes the bytes that another is about to name. */
  #oneAfterAnother<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(job, job);
    this.#queue = done.catch(() => {});
    return done;
  }
}

async function insertWithinQuota(tx: Db, row: PictureRow): Promise<PictureRow> {
  const account = await lockAccount(tx, row.accountId);
  if (!(await store.appHasPicture(tx, row.id, row.appId))) {
    const { count, bytes } = await store.pictureUsage(tx, account.id);
    if (count >= PICTURE_QUOTA.count || bytes + row.bytes > PICTURE_QUOTA.bytes)
      throw new LiveError(
        'STORAGE_QUOTA_EXCEEDED',
        `account "${account.id}" has ${count} pictures with ${Math.round(bytes / 2 ** 20)} MB, of ${PICTURE_QUOTA.count} with ${PICTURE_QUOTA.bytes / 2 ** 20} MB: delete some`,
      );
  }
  return store.insertPicture(tx, row);
}

/** @throws LiveError UNSUPPORTED_MEDIA_TYPE, TOO_LARGE */
function checkPicture(bytes: Buffer): ImageHeader {
  const header = readImageHeader(bytes);
  if (!header)
    throw new LiveError('UNSUPPORTED_MEDIA_TYPE', 'the body is no PNG, JPEG or WebP picture, or a damaged one');
  if (header.animated) throw new LiveError('UNSUPPORTED_MEDIA_TYPE', 'the picture moves: send one that stands still');
  const { width, height } = header;
  if (width > MAX_SIDE || height > MAX_SIDE)
    throw new LiveError('TOO_LARGE', `the picture is ${width}x${height}: scale it down to ${MAX_SIDE} a side or less`);
  if (bytes.length > MAX_PICTURE_BYTES) throw new LiveError('TOO_LARGE', 'the picture is larger than 5 MB');
  return header;
}

const ID_HEX_DIGITS = 40;
const idOf = (bytes: Buffer): PictureId =>
  `pic_${createHash('sha256').update(bytes).digest('hex').slice(0, ID_HEX_DIGITS)}`;
