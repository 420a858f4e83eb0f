import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FragmentOptions, type FragmentSample, fragment } from './index.ts';

interface ParsedBox {
  type: string;
  start: number;
  content: Buffer;
}

/** The boxes in `bytes`, which they must fill exactly. */
function boxes(bytes: Buffer, offset = 0): ParsedBox[] {
  const found: ParsedBox[] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = bytes.readUInt32BE(at);
    assert.ok(size >= 8 && at + size <= bytes.length, `box of ${size} bytes at ${at}`);
    const type = bytes.toString('latin1', at + 4, at + 8);
    found.push({ type, start: offset + at, content: bytes.subarray(at + 8, at + size) });
    at += size;
  }
  return found;
}

interface ParsedTrack {
  trackId: number;
  baseMediaDecodeTime: bigint;
  samples: FragmentSample[];
}

/** Reads a fragment back by ISO 14496-12 8.8, with samples taken from where trun's data offset points. */
function parse(bytes: Buffer): { sequence: number; tracks: ParsedTrack[]; types: string[] } {
  const top = boxes(bytes);
  const moof = top.find(({ type }) => type === 'moof');
  assert.ok(moof);
  const [mfhd, ...trafs] = boxes(moof.content);
  const tracks = trafs.map(({ content }) => parseTrack(bytes, moof.start, content));
  return { sequence: mfhd!.content.readUInt32BE(4), tracks, types: top.map(({ type }) => type) };
}

function parseTrack(file: Buffer, moofStart: number, traf: Buffer): ParsedTrack {
  const [tfhd, tfdt, trun] = boxes(traf).map(({ content }) => content);
  assert.ok(tfhd && tfdt && trun);
  const tfhdFlags = tfhd.readUInt32BE(0);
  let at = 8;
  const durationDefault = tfhdFlags & 0x8 ? tfhd.readUInt32BE((at += 4) - 4) : null;
  const flagsDefault = tfhdFlags & 0x20 ? tfhd.readUInt32BE((at += 4) - 4) : null;
  assert.equal(tfhdFlags & 0x020000, 0x020000);
  assert.equal(tfdt[0], 1);
  assert.equal(trun[0], 1);
  const flags = trun.readUInt32BE(0);
  let dataAt = moofStart + trun.readInt32BE(8);
  let read = 12;
  const next = () => trun.readUInt32BE((read += 4) - 4);
  const samples = Array.from({ length: trun.readUInt32BE(4) }, () => {
    const duration = flags & 0x100 ? next() : (durationDefault ?? -1);
    const size = next();
    const sampleFlags = flags & 0x400 ? next() : (flagsDefault ?? -1);
    const cts = flags & 0x800 ? trun.readInt32BE((read += 4) - 4) : 0;
    const data = file.subarray(dataAt, (dataAt += size));
    return { data, duration, keyFrame: (sampleFlags & 0x010000) === 0, cts };
  });
  assert.equal(read, trun.length);
  return { trackId: tfhd.readUInt32BE(4), baseMediaDecodeTime: tfdt.readBigUInt64BE(4), samples };
}

const bytes = (length: number, value: number) => Buffer.alloc(length, value);
const AUDIO: FragmentSample[] = [
  { data: bytes(3, 1), duration: 1024, keyFrame: true, cts: 0 },
  { data: bytes(5, 2), duration: 1024, keyFrame: true, cts: 0 },
];
const VIDEO: FragmentSample[] = [
  { data: bytes(90, 3), duration: 3600, keyFrame: true, cts: 7200 },
  { data: bytes(30, 4), duration: 3600, keyFrame: false, cts: -3600 },
  { data: bytes(20, 5), duration: 3690, keyFrame: false, cts: 0 },
];

test('any samples of any tracks read back from their places', () => {
  const sample = fc
    .record({
      data: fc.uint8Array({ maxLength: 50 }).map((data) => Buffer.from(data)),
      duration: fc.oneof(fc.constant(3600), fc.nat(2 ** 32 - 1)),
      keyFrame: fc.boolean(),
      cts: fc.oneof(fc.constant(0), fc.integer()),
    })
    .map((record): FragmentSample => ({ ...record }));
  const track = fc
    .record({
      trackId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      baseMediaDecodeTime: fc.oneof(fc.nat(2 ** 31), fc.nat(Number.MAX_SAFE_INTEGER)),
      samples: fc.array(sample, { maxLength: 8 }),
    })
    .map((record) => ({ ...record }));
  const options = fc.record({
    sequence: fc.nat(2 ** 32 - 1),
    tracks: fc.array(track, { maxLength: 3 }),
    segmentType: fc.boolean(),
    producedAt: fc.option(fc.record({ trackId: fc.constant(1), unixMs: fc.nat(2 ** 42) }), { nil: undefined }),
  });
  fc.assert(
    fc.property(options, ({ producedAt, ...rest }) => {
      const options: FragmentOptions = { ...rest, ...(producedAt === undefined ? {} : { producedAt }) };
      const parsed = parse(fragment(options));
      assert.equal(parsed.sequence, options.sequence);
      assert.deepEqual(
        parsed.tracks,
        options.tracks
          .filter(({ samples }) => samples.length > 0)
          .map((track) => ({ ...track, baseMediaDecodeTime: BigInt(track.baseMediaDecodeTime) })),
      );
      const prefix = [options.segmentType ? ['styp'] : [], options.producedAt ? ['prft'] : []].flat();
      assert.deepEqual(parsed.types, [...prefix, 'moof', 'mdat']);
    }),
    { numRuns: 500 },
  );
});

test('equal durations and flags are written once: audio costs 4 bytes a sample', () => {
  const one = fragment({ sequence: 1, tracks: [{ trackId: 2, baseMediaDecodeTime: 0, samples: AUDIO.slice(0, 1) }] });
  const two = fragment({ sequence: 1, tracks: [{ trackId: 2, baseMediaDecodeTime: 0, samples: AUDIO }] });
  assert.equal(two.length - one.length, 4 + 5);
});

test('video samples say what they depend on', () => {
  const out = fragment({ sequence: 1, tracks: [{ trackId: 1, baseMediaDecodeTime: 0, samples: VIDEO }] });
  const trun = out.indexOf('trun') + 16;
  const flags = [0, 1, 2].map((i) => out.readUInt32BE(trun + 8 + i * 16));
  assert.deepEqual(flags, [0x02000000, 0x01010000, 0x01010000]);
});

test('the producer reference time is NTP and names its track and its decode time', () => {
  const out = fragment({
    sequence: 9,
    tracks: [
      { trackId: 2, baseMediaDecodeTime: 5, samples: AUDIO },
      { trackId: 1, baseMediaDecodeTime: 2 ** 40 + 3, samples: VIDEO },
    ],
    segmentType: true,
    producedAt: { trackId: 1, unixMs: 1_700_000_000_250 },
  });
  const prft = boxes(out)[1];
  assert.equal(prft?.type, 'prft');
  assert.equal(prft.content.readUInt32BE(0), 0x01000018);
  assert.equal(prft.content.readUInt32BE(4), 1);
  assert.equal(prft.content.readUInt32BE(8), 1_700_000_000 + 2_208_988_800);
  assert.equal(prft.content.readUInt32BE(12), 2 ** 30);
  assert.equal(prft.content.readBigUInt64BE(16), 2n ** 40n + 3n);
});
