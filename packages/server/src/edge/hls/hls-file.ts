/** A file of a stream's HLS presentation, as the last part of its address names it. */
export type HlsFile = { kind: 'playlist' } | MediaFile;

/** One that never changes. */
export type MediaFile =
  | { kind: 'init'; id: number }
  | { kind: 'segment'; msn: number }
  | { kind: 'part'; msn: number; part: number };

export const PLAYLIST_NAME = 'media.m3u8';

export const initName = (id: number): string => `init-${id}.mp4`;
export const segmentName = (msn: number): string => `seg-${msn}.m4s`;
export const partName = (msn: number, part: number): string => `part-${msn}.${part}.m4s`;

const MEDIA_NAME = /^(?:init-(\d{1,15})\.mp4|seg-(\d{1,15})\.m4s|part-(\d{1,15})\.(\d{1,6})\.m4s)$/;

/** null: no presentation has such a file. */
export function parseHlsFile(name: string): HlsFile | null {
  if (name === PLAYLIST_NAME) return { kind: 'playlist' };
  const match = MEDIA_NAME.exec(name);
  if (!match) return null;
  const [, init, segment, msn, part] = match;
  if (init !== undefined) return { kind: 'init', id: Number(init) };
  if (segment !== undefined) return { kind: 'segment', msn: Number(segment) };
  return { kind: 'part', msn: Number(msn), part: Number(part) };
}
