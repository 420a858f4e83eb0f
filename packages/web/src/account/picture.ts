import { onThisOrigin } from '../rtc/endpoint.ts';
import { uploadPicture } from './api.ts';
import type { Answer } from './ask.ts';

const QUALITY = 0.86;

/** Where a picture is had from: of this server's by the page's own origin, whatever the server calls itself. */
export function pictureSrc(url: string): string {
  return /\/v1\/pictures\/[^/]+$/.test(url) ? onThisOrigin(url) : url;
}

/** Makes a picture small enough for its place, cut to its shape, and uploads it. @returns its id; null: it is no picture. */
export async function uploadAs(
  file: Blob,
  { width, height }: { width: number; height: number },
): Promise<Answer<{ id: string; url: string }> | null> {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return null;
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  canvas.getContext('2d')?.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  bitmap.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  return blob && uploadPicture(blob);
}
