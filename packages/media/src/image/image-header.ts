/** What an image says of itself in its first bytes. */
export interface ImageHeader {
  type: 'image/png' | 'image/jpeg' | 'image/webp';
  /** px, as stored: turned by EXIF or not. */
  width: number;
  height: number;
  /** Moving pictures: WebP with an ANIM chunk, PNG with acTL. */
  animated: boolean;
}

/**
 * Reads the header of a PNG, JPEG or WebP image. Nothing is decoded: the picture data may still be damaged.
 * @param bytes the whole file, or as much of it as holds the header (of a JPEG, all up to the frame header).
 * @returns null when it is none of the three, or its header is damaged or cut short.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readPng(view) ?? readJpeg(view) ?? readWebp(view);
  return header && header.width > 0 && header.height > 0 ? header : null;
}

const fourCC = (name: string): number =>
  [...name].reduce((code, letter) => ((code << 8) | letter.charCodeAt(0)) >>> 0, 0);

/** PNG (ISO/IEC 15948) §5.2, §11.2.2: the signature, then IHDR. acTL must come before IDAT. */
function readPng(view: DataView): ImageHeader | null {
  if (view.byteLength < 33 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return null;
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== fourCC('IHDR')) return null;
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20), animated: hasAnimation(view) };
}

function hasAnimation(view: DataView): boolean {
  for (let at = 33; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const chunk = view.getUint32(at + 4);
    if (chunk === fourCC('acTL')) return true;
    if (chunk === fourCC('IDAT')) return false;
  }
  return false;
}

/** SOF0 to SOF15 but DHT (C4), JPG (C8) and DAC (CC). */
const isFrameHeader = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** Markers without a segment: TEM, RSTn. */
const standsAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

/** JPEG (ITU-T T.81) annex B: segments up to the frame header, which has the size. */
function readJpeg(view: DataView): ImageHeader | null {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 4 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (standsAlone(marker)) at += 2;
    else if (isFrameHeader(marker)) {
      if (at + 9 > view.byteLength) return null;
      return { type: 'image/jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7), animated: false };
    }
    // A scan or the end before any frame header.
    else if (marker === 0xda || marker === 0xd9) return null;
    else at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return null;
}

/** WebP (RFC 9649) §2.4 to 2.7. */
function readWebp(view: DataView): ImageHeader | null {
  if (view.byteLength < 30 || view.getUint32(0) !== fourCC('RIFF') || view.getUint32(8) !== fourCC('WEBP')) return null;
  const image = (width: number, height: number, animated = false): ImageHeader => ({
    type: 'image/webp',
    width,
    height,
    animated,
  });
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (view.getUint32(12)) {
    case fourCC('VP8 '):
      // RFC 6386 §9.1: frame tag, start code, 14 bits each with 2 of scaling.
      if (uint24(23) !== 0x2a019d) return null;
      return image(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
    case fourCC('VP8L'): {
      if (view.getUint8(20) !== 0x2f) return null;
      const bits = view.getUint32(21, true);
      return image((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    case fourCC('VP8X'):
      return image(uint24(24) + 1, uint24(27) + 1, (view.getUint8(20) & 0x02) !== 0);
    default:
      return null;
  }
}
