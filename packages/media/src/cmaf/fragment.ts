/** One frame in a fragment; times in ticks of its track's timescale. */
export interface FragmentSample {
  /** The frame's bytes as in `Frame.data`. */
  data: Buffer;
  duration: number;
  /** Decodable alone; true for all audio. */
  keyFrame: boolean;
  /** Presentation time minus decode time; may be negative. */
  cts: number;
}

export interface FragmentTrack {
  trackId: number;
  /** Decode time of the first sample in ticks, up to 2^53. */
  baseMediaDecodeTime: number;
  samples: readonly FragmentSample[];
}

export interface FragmentOptions {
  /** Counts up from 1 through the stream. */
  sequence: number;
  /** Tracks without samples are left out. */
  tracks: readonly FragmentTrack[];
  /** Write a `styp` first, as a segment's first fragment may have. Default false. */
  segmentType?: boolean;
  /** Write a `prft`: the wall clock (Unix ms) at which the track's first sample was produced. */
  producedAt?: { trackId: number; unixMs: number };
}

/** tfhd flags (ISO 14496-12 8.8.7): offsets count from the moof's start; defaults that follow. */
const DEFAULT_BASE_IS_MOOF = 0x020000;
const DEFAULT_DURATION = 0x08;
const DEFAULT_FLAGS = 0x20;
/** trun flags (ISO 14496-12 8.8.8). */
const DATA_OFFSET = 0x001;
const SAMPLE_DURATION = 0x100;
const SAMPLE_SIZE = 0x200;
const SAMPLE_FLAGS = 0x400;
const SAMPLE_CTS = 0x800;
/** Sample flags (ISO 14496-12 8.8.3.1): depends on no other; depends on others and is no sync sample. */
const SYNC_SAMPLE = 0x02000000;
const NON_SYNC_SAMPLE = 0x01010000;

const STYP_BYTES = 20;
const PRFT_BYTES = 32;
const MFHD_BYTES = 16;
const TFDT_BYTES = 20;
/** Seconds from 1900 (NTP) to 1970. */
const NTP_EPOCH = 2_208_988_800;

/** What of a track's samples differs and must be written per sample. */
interface TrackPlan {
  track: FragmentTrack;
  sameDuration: boolean;
  sameFlags: boolean;
  hasCts: boolean;
  trafBytes: number;
  dataBytes: number;
}

/**
 * One fragment (CMAF chunk): moof and mdat with the samples of the tracks given, track after track, in a Buffer allocated
 * once at its exact size.
 * @see ISO 14496-12 8.8; ISO 23000-19 7.3.2.
 */
export function fragment(options: FragmentOptions): Buffer {
  const plans: TrackPlan[] = [];
  let moofBytes = 8 + MFHD_BYTES;
  let dataBytes = 0;
  for (const track of options.tracks) {
    if (track.samples.length === 0) continue;
    const plan = planTrack(track);
    plans.push(plan);
    moofBytes += plan.trafBytes;
    dataBytes += plan.dataBytes;
  }
  const prefixBytes = (options.segmentType ? STYP_BYTES : 0) + (options.producedAt ? PRFT_BYTES : 0);
  const out = Buffer.allocUnsafe(prefixBytes + moofBytes + 8 + dataBytes);
  let at = 0;
  if (options.segmentType) at = writeSegmentType(out, at);
  if (options.producedAt) at = writeProducedAt(out, at, options.producedAt, options.tracks);
  at = writeBoxHead(out, at, 'moof', moofBytes);
  at = writeBoxHead(out, at, 'mfhd', MFHD_BYTES);
  at = out.writeUInt32BE(0, at);
  at = out.writeUInt32BE(options.sequence >>> 0, at);
  let dataOffset = moofBytes + 8;
  for (const plan of plans) {
    at = writeTrackFragment(out, at, plan, dataOffset);
    dataOffset += plan.dataBytes;
  }
  at = writeBoxHead(out, at, 'mdat', 8 + dataBytes);
  for (const { track } of plans) {
    for (const { data } of track.samples) at += data.copy(out, at);
  }
  return out;
}

function planTrack(track: FragmentTrack): TrackPlan {
  const first = track.samples[0]!;
  let sameDuration = true;
  let sameFlags = true;
  let hasCts = false;
  let dataBytes = 0;
  for (const sample of track.samples) {
    sameDuration &&= sample.duration === first.duration;
    sameFlags &&= sample.keyFrame === first.keyFrame;
    hasCts ||= sample.cts !== 0;
    dataBytes += sample.data.length;
  }
  const tfhdBytes = 16 + (sameDuration ? 4 : 0) + (sameFlags ? 4 : 0);
  const sampleBytes = 4 + (sameDuration ? 0 : 4) + (sameFlags ? 0 : 4) + (hasCts ? 4 : 0);
  const trafBytes = 8 + tfhdBytes + TFDT_BYTES + 20 + sampleBytes * track.samples.length;
  return { track, sameDuration, sameFlags, hasCts, trafBytes, dataBytes };
}

function writeTrackFragment(out: Buffer, start: number, plan: TrackPlan, dataOffset: number): number {
  const { track, sameDuration, sameFlags, hasCts, trafBytes } = plan;
  const first = track.samples[0]!;
  let at = writeBoxHead(out, start, 'traf', trafBytes);
  at = writeBoxHead(out, at, 'tfhd', 16 + (sameDuration ? 4 : 0) + (sameFlags ? 4 : 0));
  at = out.writeUInt32BE(
    DEFAULT_BASE_IS_MOOF | (sameDuration ? DEFAULT_DURATION : 0) | (sameFlags ? DEFAULT_FLAGS : 0),
    at,
  );
  at = out.writeUInt32BE(track.trackId, at);
  if (sameDuration) at = out.writeUInt32BE(first.duration, at);
  if (sameFlags) at = out.writeUInt32BE(sampleFlags(first), at);
  at = writeBoxHead(out, at, 'tfdt', TFDT_BYTES);
  at = out.writeUInt32BE(0x01000000, at);
  at = writeUInt64(out, at, track.baseMediaDecodeTime);
  const trunFlags =
    DATA_OFFSET |
    SAMPLE_SIZE |
    (sameDuration ? 0 : SAMPLE_DURATION) |
    (sameFlags ? 0 : SAMPLE_FLAGS) |
    (hasCts ? SAMPLE_CTS : 0);
  at = writeBoxHead(out, at, 'trun', start + trafBytes - at);
  // Version 1: composition offsets are signed.
  at = out.writeUInt32BE(0x01000000 | trunFlags, at);
  at = out.writeUInt32BE(track.samples.length, at);
  at = out.writeUInt32BE(dataOffset, at);
  for (const sample of track.samples) {
    if (!sameDuration) at = out.writeUInt32BE(sample.duration, at);
    at = out.writeUInt32BE(sample.data.length, at);
    if (!sameFlags) at = out.writeUInt32BE(sampleFlags(sample), at);
    if (hasCts) at = out.writeInt32BE(sample.cts, at);
  }
  return at;
}

function sampleFlags(sample: FragmentSample): number {
  return sample.keyFrame ? SYNC_SAMPLE : NON_SYNC_SAMPLE;
}

/** ISO 14496-12 8.16.2, with the brands of a CMAF segment. */
function writeSegmentType(out: Buffer, start: number): number {
  const at = writeBoxHead(out, start, 'styp', STYP_BYTES);
  out.write('msdh', at, 'latin1');
  out.writeUInt32BE(0, at + 4);
  out.write('cmfs', at + 8, 'latin1');
  return at + 12;
}

/** ISO 14496-12 8.16.5. Flags 24: a clock of the packager's own, the same for the whole stream. */
function writeProducedAt(
  out: Buffer,
  start: number,
  producedAt: { trackId: number; unixMs: number },
  tracks: readonly FragmentTrack[],
): number {
  const mediaTime = tracks.find((track) => track.trackId === producedAt.trackId)?.baseMediaDecodeTime ?? 0;
  const seconds = Math.floor(producedAt.unixMs / 1000);
  const fraction = Math.floor(((producedAt.unixMs - seconds * 1000) / 1000) * 2 ** 32);
  let at = writeBoxHead(out, start, 'prft', PRFT_BYTES);
  at = out.writeUInt32BE(0x01000018, at);
  at = out.writeUInt32BE(producedAt.trackId, at);
  at = out.writeUInt32BE((seconds + NTP_EPOCH) >>> 0, at);
  at = out.writeUInt32BE(fraction, at);
  return writeUInt64(out, at, mediaTime);
}

function writeBoxHead(out: Buffer, at: number, type: string, size: number): number {
  out.writeUInt32BE(size, at);
  out.write(type, at + 4, 'latin1');
  return at + 8;
}

function writeUInt64(out: Buffer, at: number, value: number): number {
  out.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  return out.writeUInt32BE(value >>> 0, at + 4);
}
