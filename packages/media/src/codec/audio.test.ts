import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accepted, fixtureMedia } from '../flv/fixtures/index.ts';
import { WireError } from '../result.ts';
import { hex, pack, u } from './fixtures/bits.ts';
import {
  AAC_SAMPLE_RATES,
  type AacConfig,
  adtsHeader,
  buildAacConfig,
  buildOpusHead,
  opusPacketSamples,
  parseAacConfig,
  parseAdtsHeader,
  parseMp3Header,
  parseOpusHead,
} from './index.ts';

function aac(data: Buffer | string): AacConfig {
  return accepted(parseAacConfig(typeof data === 'string' ? hex(data) : data));
}

/** The values FFmpeg's encoder and ffprobe give; its configurations end with an SBR extension that says "no". */
for (const [asc, sampleRate, channels] of [
  ['118856e500', 48_000, 1],
  ['119056e500', 48_000, 2],
  ['118004c4010020000d4c61766335392e33372e31303056e500', 48_000, 3],
  ['11a056e500', 48_000, 4],
  ['11a856e500', 48_000, 5],
  ['11b056e500', 48_000, 6],
  ['11b856e500', 48_000, 8],
  ['160856e500', 7350, 1],
  ['100856e500', 96_000, 1],
] as const) {
  test(`AAC-LC of ${channels} channels at ${sampleRate} Hz`, () => {
    const plain = { objectType: 2, sbr: false, ps: false, frameSamples: 1024 };
    assert.deepEqual(aac(asc), { ...plain, sampleRate, channels, extensionRate: sampleRate });
  });
}

test('SBR and PS are found in the hierarchical and the backward compatible form', () => {
  const he = { objectType: 2, sampleRate: 22_050, extensionRate: 44_100, sbr: true, frameSamples: 1024 };
  assert.deepEqual(aac('2b920800'), { ...he, channels: 2, ps: false });
  assert.deepEqual(aac('139056e5a0'), { ...he, channels: 2, ps: false });
  assert.deepEqual(aac('eb8a0800'), { ...he, channels: 1, ps: true });
  assert.deepEqual(aac('138856e5a54880'), { ...he, channels: 1, ps: true });
});

test('explicit rates, escaped object types and short frames are read', () => {
  assert.equal(aac(pack(u(2, 5), u(15, 4), u(37_800, 24), u(2, 4), '000')).sampleRate, 37_800);
  assert.equal(aac(pack(u(2, 5), u(4, 4), u(2, 4), '100')).frameSamples, 960);
  assert.equal(aac(pack(u(23, 5), u(4, 4), u(2, 4), '100')).frameSamples, 480);
  const eld = aac(pack(u(31, 5), u(7, 6), u(4, 4), u(2, 4), '0'));
  assert.deepEqual([eld.objectType, eld.frameSamples], [39, 512]);
  assert.equal(aac(pack(u(2, 5), u(4, 4), u(2, 4), '01', u(0, 14), '0')).channels, 2);
  assert.equal(aac(pack(u(2, 5), u(4, 4), u(12, 4), '000')).channels, 8);
});

test('AAC configurations without sense are errors: no rate, no channels, too short', () => {
  for (const data of [
    '',
    '12',
    pack(u(2, 5), u(13, 4), u(2, 4), '000'),
    pack(u(2, 5), u(15, 4), u(0, 24), u(2, 4), '000'),
    pack(u(2, 5), u(4, 4), u(8, 4), '000'),
    pack(u(0, 5), u(4, 4), u(2, 4), '000'),
    pack(u(2, 5), u(4, 4), u(0, 4), '000', u(0, 10), '1111'),
  ]) {
    assert.ok(parseAacConfig(typeof data === 'string' ? hex(data) : data) instanceof WireError, data.toString('hex'));
  }
});

test('configurations made of plain values read back, and known ones are the usual bytes', () => {
  assert.deepEqual(buildAacConfig({ sampleRate: 44_100, channels: 2 }), hex('1210'));
  const rates = fc.oneof(fc.constantFrom(...AAC_SAMPLE_RATES), fc.integer({ min: 1, max: 0xffffff }));
  fc.assert(
    fc.property(
      rates,
      fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8),
      fc.constantFrom(1, 2, 3, 4),
      (sampleRate, channels, type) => {
        const config = aac(buildAacConfig({ objectType: type, sampleRate, channels }));
        assert.deepEqual([config.objectType, config.sampleRate, config.channels], [type, sampleRate, channels]);
      },
    ),
  );
});

test('ADTS headers read back; what ADTS cannot say is null', () => {
  const header = adtsHeader({ objectType: 2, sampleRate: 44_100, channels: 2 }, 371 - 7);
  assert.ok(header);
  assert.deepEqual(header, hex('fff150802e7ffc'));
  const expected = { objectType: 2, sampleRate: 44_100, channels: 2, headerBytes: 7, frameBytes: 371 };
  assert.deepEqual(parseAdtsHeader(Buffer.concat([Buffer.alloc(3), header]), 3), expected);
  assert.equal(adtsHeader({ objectType: 39, sampleRate: 44_100, channels: 2 }, 10), null);
  assert.equal(adtsHeader({ objectType: 2, sampleRate: 37_800, channels: 2 }, 10), null);
  assert.equal(adtsHeader({ objectType: 2, sampleRate: 44_100, channels: 7 }, 10), null);
  assert.equal(adtsHeader({ objectType: 2, sampleRate: 44_100, channels: 2 }, 8185), null);
  for (const text of ['fff150802e7f', '1ff150802e7ffc', 'fff174802e7ffc', 'fff15080001ffc']) {
    assert.ok(parseAdtsHeader(hex(text)) instanceof WireError, text);
  }
});

test('OpusHead reads back, with and without a channel mapping', () => {
  const { audioConfig } = fixtureMedia('av1-opus');
  const head = accepted(parseOpusHead(audioConfig.data));
  assert.deepEqual([head.channels, head.preSkip, head.mapping], [1, 312, null]);
  assert.deepEqual(buildOpusHead(head), audioConfig.data);
  const surround = buildOpusHead({
    channels: 6,
    preSkip: 312,
    outputGain: -256,
    mappingFamily: 1,
    mapping: { streams: 4, coupled: 2, channels: hex('000401020305') },
  });
  const parsed = accepted(parseOpusHead(surround));
  assert.equal(parsed.outputGain, -256);
  assert.deepEqual(buildOpusHead(parsed), surround);
  for (const bad of [
    surround.subarray(0, 26),
    surround.subarray(0, 18),
    Buffer.concat([Buffer.from('OpusTags'), surround.subarray(8)]),
    buildOpusHead({ channels: 0 }),
    buildOpusHead({ channels: 3 }),
  ]) {
    assert.ok(parseOpusHead(bad) instanceof WireError);
  }
});

test('the TOC byte tells how long an Opus packet is', () => {
  const samples = (text: string) => opusPacketSamples(hex(text));
  assert.equal(samples('fc ff fe'), 960);
  assert.equal(samples('e0'), 120);
  assert.equal(samples('78'), 960);
  assert.equal(samples('18'), 2880);
  assert.equal(samples('1a'), 5760);
  assert.equal(samples('ff 06'), 5760);
  assert.equal(samples('63 03'), 1440);
  for (const text of ['', 'ff', 'ff 00', 'ff 07', '1b 03']) assert.ok(samples(text) instanceof WireError, text);
  for (const { data } of fixtureMedia('vp9-opus').audio) assert.equal(opusPacketSamples(data), 960);
});

test('MP3 headers tell rate, channels, samples and length in all three versions', () => {
  const parse = (text: string) => parseMp3Header(hex(text));
  const mpeg1 = { sampleRate: 44_100, channels: 2, bitrateKbps: 128, samples: 1152, frameBytes: 417 };
  assert.deepEqual(parse('fffb9064'), mpeg1);
  assert.deepEqual(parse('fffb9264'), { ...mpeg1, frameBytes: 418 });
  assert.deepEqual(parse('fff388c4'), {
    sampleRate: 16_000,
    channels: 1,
    bitrateKbps: 64,
    samples: 576,
    frameBytes: 288,
  });
  assert.deepEqual(parse('ffe318c4'), {
    sampleRate: 8000,
    channels: 1,
    bitrateKbps: 8,
    samples: 576,
    frameBytes: 72,
  });
  assert.deepEqual(parse('fffb0064'), { ...mpeg1, bitrateKbps: 0, frameBytes: 0 });
  for (const text of ['fffb90', '1ffb9064', 'fffd9064', 'ffeb9064', 'fffbf064', 'fffb9c64']) {
    assert.ok(parse(text) instanceof WireError, text);
  }
  for (const { data } of fixtureMedia('h264-mp3').audio) {
    const header = accepted(parseMp3Header(data));
    assert.equal(header.frameBytes, data.length);
  }
});
