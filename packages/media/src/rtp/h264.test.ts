import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAvcConfig } from '../codec/h264.ts';
import { splitLengthPrefixed, toLengthPrefixed } from '../codec/nal.ts';
import { WireError } from '../result.ts';
import { type AssembledFrame, H264Assembler, packetizeH264 } from './index.ts';

/** Baseline, 640x360. */
const SPS = Buffer.from('6742c01ed901405ff2c2000003000200000300640001', 'hex');
const PPS = Buffer.from('68cb8cb2', 'hex');
const HEADROOM = 12;

interface Packet {
  timestamp: number;
  marker: boolean;
  payload: Buffer;
}

function accepted<T>(value: T | WireError): T {
  assert.ok(!(value instanceof WireError), value instanceof WireError ? value.message : '');
  return value;
}

/** Slices as encoders make them: the first one of a picture begins with bit 1. */
function picture(key: boolean, sizes: readonly number[]): Buffer {
  const units = sizes.map((size, i) => {
    const unit = Buffer.alloc(size + 2, i + 1);
    unit[0] = key ? 0x65 : 0x41;
    unit[1] = i === 0 ? 0x88 : 0x40;
    return unit;
  });
  return toLengthPrefixed(units);
}

function packets(data: Buffer, timestamp: number, key: boolean, maxPayload = 1188): Packet[] {
  const payloads = accepted(
    packetizeH264(data, { headroom: HEADROOM, maxPayload, parameterSets: key ? [SPS, PPS] : [] }),
  );
  return payloads.map((payload, i) => ({
    timestamp,
    marker: i === payloads.length - 1,
    payload: payload.subarray(HEADROOM),
  }));
}

const pictures = fc
  .array(
    fc.record({ key: fc.boolean(), sizes: fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 6 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((list) => list.map(({ key, sizes }, i) => ({ key: key || i === 0, data: picture(key || i === 0, sizes) })));

test('frames come out as they went in, for every size of unit and packet', () => {
  fc.assert(
    fc.property(pictures, fc.integer({ min: 60, max: 300 }), (list, maxPayload) => {
      const assembler = new H264Assembler();
      const out: AssembledFrame[] = [];
      for (const [i, { key, data }] of list.entries())
        for (const packet of packets(data, i * 3000, key, maxPayload)) {
          assert.ok(packet.payload.length <= maxPayload);
          const frame = assembler.push(packet, false);
          if (frame) out.push(frame);
        }
      const expected = list.map(({ key, data }, i) => ({ timestamp: i * 3000, type: key ? 'key' : 'inter', data }));
      assert.deepEqual(
        out.map(({ timestamp, type, data }) => ({ timestamp, type, data })),
        expected,
      );
      const config = accepted(parseAvcConfig(out[0]?.config ?? Buffer.alloc(0)));
      assert.deepEqual([config.sps, config.pps], [[SPS], [PPS]]);
      assert.ok(out.slice(1).every((frame) => frame.config === null));
    }),
  );
});

test('with packets missing, only whole frames come out, and none between a loss and the next key frame', () => {
  const losses = fc.array(fc.boolean(), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(pictures, losses, (list, pattern) => {
      const assembler = new H264Assembler();
      const wire = list.flatMap(({ key, data }, i) =>
        packets(data, i * 3000, key, 200).map((packet) => ({ packet, i })),
      );
      let afterLoss = false;
      let decodableFrom: 'key' | number = 'key';
      const lostIn = new Set<number>();
      for (const [n, { i }] of wire.entries()) if (pattern[n % pattern.length]) lostIn.add(i);
      for (const [n, { packet }] of wire.entries()) {
        if (pattern[n % pattern.length]) {
          afterLoss = true;
          continue;
        }
        const frame = assembler.push(packet, afterLoss);
        afterLoss = false;
        if (!frame) continue;
        const number = frame.timestamp / 3000;
        assert.ok(!lostIn.has(number), `frame ${number} misses a packet`);
        assert.deepEqual(frame.data, list[number]?.data);
        if (frame.type === 'inter') assert.equal(decodableFrom, number - 1, 'its predecessor came out');
        decodableFrom = number;
      }
    }),
  );
});

test('a frame whose marker is missing ends where the next begins', () => {
  const assembler = new H264Assembler();
  const key = packets(picture(true, [10]), 0, true).map((packet) => ({ ...packet, marker: false }));
  const outs = [...key, ...packets(picture(false, [10]), 3000, false)].map((packet) => assembler.push(packet, false));
  assert.ok(outs.some((frame) => frame?.type === 'key' || frame?.type === 'inter'));
});

test('new parameter sets are a new configuration, the same ones again are none', () => {
  const assembler = new H264Assembler();
  const push = (sps: Buffer, timestamp: number) => {
    const payloads = accepted(
      packetizeH264(picture(true, [20]), { headroom: 0, maxPayload: 1000, parameterSets: [sps, PPS] }),
    );
    assert.equal(payloads.length, 1);
    return assembler.push({ timestamp, marker: true, payload: payloads[0]! }, false);
  };
  assert.ok(push(SPS, 0)?.config);
  assert.equal(push(SPS, 1)?.config, null);
  const other = Buffer.from(SPS);
  other[3] = 0x1f;
  const config = accepted(parseAvcConfig(push(other, 2)?.config ?? Buffer.alloc(0)));
  assert.deepEqual(config.sps, [other]);
});

test('a picture of very many tiny units is given up before it takes much memory', () => {
  const tiny = (units: number) => {
    const assembler = new H264Assembler();
    const aggregate = Buffer.concat([Buffer.of(24), ...Array.from({ length: 100 }, () => Buffer.of(0, 1, 0x65))]);
    for (const payload of [SPS, PPS]) assembler.push({ timestamp: 7, marker: false, payload }, false);
    for (let sent = 100; sent < units; sent += 100)
      assembler.push({ timestamp: 7, marker: false, payload: aggregate }, false);
    return assembler.push({ timestamp: 7, marker: true, payload: aggregate }, false);
  };
  assert.equal(tiny(10_000)?.type, 'key');
  assert.equal(tiny(70_000), null);
});

test('delimiters and filler are not sent', () => {
  const data = toLengthPrefixed([Buffer.of(9, 0xf0), Buffer.of(0x41, 0x88, 1), Buffer.of(12, 0xff, 0x80)]);
  const payloads = accepted(packetizeH264(data, { headroom: 0, maxPayload: 1000, parameterSets: [] }));
  assert.deepEqual(payloads, [Buffer.of(0x41, 0x88, 1)]);
  assert.deepEqual(accepted(splitLengthPrefixed(data)).length, 3);
});

test('any payloads give frames or nothing, never an exception', () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
  const wire = fc.array(fc.tuple(bytes, fc.boolean(), fc.nat(3), fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(wire, (list) => {
      const assembler = new H264Assembler();
      for (const [payload, marker, timestamp, lost] of list) assembler.push({ payload, marker, timestamp }, lost);
    }),
    { numRuns: 1000 },
  );
});
