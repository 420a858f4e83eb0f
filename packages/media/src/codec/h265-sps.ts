import { WireError } from '../result.ts';
import { BitReader } from './bit-reader.ts';
import { type HevcProfile, readHevcProfile } from './h265-profile.ts';
import { withoutEmulationPrevention } from './nal.ts';
import { aspectOf, type PixelAspect } from './pixel-aspect.ts';

const NAL_SPS = 33;
const MAX_PIXELS = 65_535;
/** ISO 23008-2 7.4.3.2.1 and 7.4.8: limits of the counts that loops depend on. */
const MAX_SHORT_TERM_SETS = 64;
const MAX_LONG_TERM_PICTURES = 32;
const MAX_REFERENCES = 16;

/** What a sequence parameter set says (ISO 23008-2 7.3.2.2). */
export interface HevcSps extends HevcProfile {
  temporalLayers: number;
  temporalNesting: boolean;
  /** After the conformance window. */
  width: number;
  height: number;
  /** 1 is 4:2:0. */
  chromaFormat: number;
  bitDepth: number;
  chromaBitDepth: number;
  fps?: number;
  pixelAspect?: PixelAspect;
}

/**
 * Reads a sequence parameter set, a NAL unit with its two header bytes. Damage behind the picture size costs only what
 * would have followed (frame rate, pixel aspect).
 */
export function parseHevcSps(unit: Buffer): HevcSps | WireError {
  const reader = new BitReader(withoutEmulationPrevention(unit));
  const type = (reader.bits(16) >> 9) & 0x3f;
  if (type !== NAL_SPS) return new WireError('an SPS (NAL unit type 33)', `type ${type}`, 0);
  reader.skip(4);
  const subLayers = reader.bits(3);
  const temporalNesting = reader.flag();
  const profile = readHevcProfile(reader);
  skipSubLayerProfiles(reader, subLayers);
  reader.unsignedGolomb();
  const chromaFormat = reader.unsignedGolomb();
  if (chromaFormat > 3) return reader.error('a chroma format of 0 to 3');
  const separatePlanes = chromaFormat === 3 && reader.flag();
  const codedWidth = reader.unsignedGolomb();
  const codedHeight = reader.unsignedGolomb();
  const window = readWindow(reader, separatePlanes ? 0 : chromaFormat);
  const bitDepth = reader.unsignedGolomb() + 8;
  const chromaBitDepth = reader.unsignedGolomb() + 8;
  const width = codedWidth - window.x;
  const height = codedHeight - window.y;
  if (reader.overrun || width < 1 || height < 1 || codedWidth > MAX_PIXELS || codedHeight > MAX_PIXELS) {
    return reader.error('an SPS with a picture size');
  }
  if (bitDepth > 16 || chromaBitDepth > 16) return reader.error('a bit depth of 8 to 16');
  const sps = { ...profile, temporalLayers: subLayers + 1, temporalNesting, width, height };
  return { ...sps, chromaFormat, bitDepth, chromaBitDepth, ...readRest(reader, subLayers) };
}

/** ISO 23008-2 7.3.3: 88 and 8 bits for each temporal sub-layer that has them. */
function skipSubLayerProfiles(reader: BitReader, subLayers: number): void {
  if (subLayers === 0) return;
  let bits = 0;
  for (let i = 0; i < 8; i++) {
    const profilePresent = reader.flag();
    const levelPresent = reader.flag();
    if (i < subLayers) bits += (profilePresent ? 88 : 0) + (levelPresent ? 8 : 0);
  }
  reader.skip(bits);
}

/** Luma samples cut off by a conformance or display window. */
function readWindow(reader: BitReader, chromaArrayType: number): { x: number; y: number } {
  if (!reader.flag()) return { x: 0, y: 0 };
  const unitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
  const unitY = chromaArrayType === 1 ? 2 : 1;
  const x = (reader.unsignedGolomb() + reader.unsignedGolomb()) * unitX;
  const y = (reader.unsignedGolomb() + reader.unsignedGolomb()) * unitY;
  return { x, y };
}

type Timing = Pick<HevcSps, 'fps' | 'pixelAspect'>;

/** Everything between the bit depths and the VUI, read only to find the VUI. */
function readRest(reader: BitReader, subLayers: number): Timing {
  const pocBits = reader.unsignedGolomb() + 4;
  const allSubLayers = reader.flag();
  for (let i = allSubLayers ? 0 : subLayers; i <= subLayers; i++) skipGolombs(reader, 3);
  skipGolombs(reader, 6);
  if (reader.flag() && reader.flag()) skipScalingLists(reader);
  reader.skip(2);
  if (reader.flag()) {
    reader.skip(8);
    skipGolombs(reader, 2);
    reader.skip(1);
  }
  if (!skipShortTermSets(reader)) return {};
  if (reader.flag()) {
    const pictures = reader.unsignedGolomb();
    if (pictures > MAX_LONG_TERM_PICTURES || pocBits > 16) return {};
    reader.skip(pictures * (pocBits + 1));
  }
  reader.skip(2);
  const vui = reader.flag() ? readVui(reader) : {};
  return reader.overrun ? {} : vui;
}

function skipGolombs(reader: BitReader, count: number): void {
  for (let i = 0; i < count; i++) reader.unsignedGolomb();
}

/** ISO 23008-2 7.3.4. */
function skipScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.unsignedGolomb();
        continue;
      }
      if (size > 1) reader.signedGolomb();
      skipGolombs(reader, Math.min(64, 1 << (4 + (size << 1))));
    }
  }
}

/** ISO 23008-2 7.3.7; false when the sets make no sense. Each may be coded as a change of the one before. */
function skipShortTermSets(reader: BitReader): boolean {
  const sets = reader.unsignedGolomb();
  if (sets > MAX_SHORT_TERM_SETS) return false;
  let previous = 0;
  for (let set = 0; set < sets; set++) {
    if (reader.overrun) return false;
    if (set > 0 && reader.flag()) {
      reader.skip(1);
      reader.unsignedGolomb();
      let pictures = 0;
      for (let i = 0; i <= previous; i++) {
        const used = reader.flag();
        if (used || reader.flag()) pictures += 1;
      }
      previous = pictures;
    } else {
      const negative = reader.unsignedGolomb();
      const positive = reader.unsignedGolomb();
      if (negative > MAX_REFERENCES || positive > MAX_REFERENCES) return false;
      previous = negative + positive;
      for (let i = 0; i < previous; i++) {
        reader.unsignedGolomb();
        reader.skip(1);
      }
    }
    if (previous > 2 * MAX_REFERENCES) return false;
  }
  return true;
}

/** ISO 23008-2 E.2.1 up to the frame rate. */
function readVui(reader: BitReader): Timing {
  const vui: Timing = {};
  if (reader.flag()) {
    const aspect = aspectOf(reader);
    if (aspect !== null) vui.pixelAspect = aspect;
  }
  if (reader.flag()) reader.skip(1);
  if (reader.flag()) {
    reader.skip(4);
    if (reader.flag()) reader.skip(24);
  }
  if (reader.flag()) skipGolombs(reader, 2);
  reader.skip(3);
  if (reader.flag()) skipGolombs(reader, 4);
  if (reader.flag()) {
    const unitsInTick = reader.bits(32);
    const timeScale = reader.bits(32);
    if (unitsInTick > 0 && timeScale > 0) vui.fps = timeScale / unitsInTick;
  }
  return vui;
}
