/** Four letters as a big-endian number, the way enhanced RTMP and ISO files name codecs and boxes. */
function fourCc(letters: string): number {
  return Buffer.from(letters, 'latin1').readUInt32BE(0);
}

/** A number as its four letters, for messages; bytes that are not printable show as `?`. */
export function fourCcName(value: number): string {
  let name = '';
  for (let shift = 24; shift >= 0; shift -= 8) {
    const byte = (value >>> shift) & 0xff;
    name += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  }
  return name;
}

export const AVC1 = fourCc('avc1');
export const HVC1 = fourCc('hvc1');
export const AV01 = fourCc('av01');
export const VP09 = fourCc('vp09');
export const VP08 = fourCc('vp08');
export const OPUS = fourCc('Opus');
export const MP4A = fourCc('mp4a');
export const MP3 = fourCc('.mp3');
