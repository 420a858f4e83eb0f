import type { PictureId } from '@lianmai/contract';
import type { Storage, StorageKey } from './storage.ts';

/** Of an uploaded picture, PNG, JPEG or WebP. */
export const MAX_PICTURE_BYTES = 5 << 20;

/** By its content: `pic_` and the first 160 bits of the SHA-256. */
export const PICTURE_ID = /^pic_[0-9a-f]{40}$/;

export const pictureKey = (id: PictureId): StorageKey => `pictures/${id}`;

/** A picture's bytes, as they were uploaded; null: there is none of that id (any more). */
export async function loadPicture(storage: Storage, id: PictureId): Promise<Buffer | null> {
  return PICTURE_ID.test(id) ? storage.get(pictureKey(id), { maxBytes: MAX_PICTURE_BYTES }) : null;
}
