import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../result.ts';
import {
  ArrivalRecorder,
  fromNtp,
  parseRtcp,
  type RtcpPacket,
  SenderReportWriter,
  shortNtp,
  type TransportFeedback,
  toNtp,
  toShortNtp,
  writeRtcp,
} from './index.ts';

const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(model, { noNullPrototype: true });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const uint8 = fc.integer({ min: 0, max: 255 });
const reports = fc.array(
  record({
    ssrc: uint32,
    fractionLost: uint8,
    totalLost: fc.integer({ min: -0x800000, max: 0x7fffff }),
    highestSequence: uint32,
    jitter: uint32,
    lastSenderReport: uint32,
    delaySinceLastSenderReport: uint32,
  }),
  { maxLength: 31 },
);
const ssrcs = { senderSsrc: uint32, mediaSsrc: uint32 };
const body = fc.uint8Array({ maxLength: 10 }).map((array) => Buffer.concat(Array(4).fill(Buffer.from(array))));
const text = fc.string({ maxLength: 60, unit: 'grapheme' });
const packets: fc.Arbitrary<RtcpPacket> = fc.oneof(
  record({
    kind: fc.constant('senderReport' as const),
    ssrc: uint32,
    ntp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    timestamp: uint32,
    packets: uint32,
    bytes: uint32,
    reports,
  }),
  record({ kind: fc.constant('receiverReport' as const), ssrc: uint32, reports }),
  record({
    kind: fc.constant('sourceDescription' as const),
    chunks: fc.array(
      record({
        ssrc: uint32,
        items: fc.array(record({ type: fc.integer({ min: 1, max: 8 }), text }), { maxLength: 3 }),
      }),
      { maxLength: 5 },
    ),
  }),
  record({ kind: fc.constant('goodbye' as const), ssrcs: fc.array(uint32, { maxLength: 31 }) }),
  record({
    kind: fc.constant('nack' as const),
    ...ssrcs,
    lost: fc.uniqueArray(fc.integer({ min: 100, max: 600 })).map((list) => list.sort((a, b) => a - b)),
  }),
  record({ kind: fc.constant('pictureLoss' as const), ...ssrcs }),
  record({
    kind: fc.constant('fullIntraRequest' as const),
    senderSsrc: uint32,
    requests: fc.array(record({ ssrc: uint32, number: uint8 })),
  }),
  record({
    kind: fc.constant('bitrateEstimate' as const),
    senderSsrc: uint32,
    bitrate: fc.integer({ min: 0, max: 0x3ffff }).map((mantissa) => mantissa * 64),
    ssrcs: fc.array(uint32, { maxLength: 5 }),
  }),
  record({
    kind: fc.constant('otherFeedback' as const),
    packetType: fc.constantFrom(205 as const, 206 as const),
    format: fc.integer({ min: 5, max: 14 }),
    ...ssrcs,
    body,
  }),
  record({
    kind: fc.constant('other' as const),
    packetType: fc.integer({ min: 207, max: 223 }),
    count: fc.integer({ min: 0, max: 31 }),
    body,
  }),
);

function accepted<T>(value: T | WireError): T {
  assert.ok(!(value instanceof WireError), value instanceof WireError ? value.message : '');
  return value;
}

test('compound packets are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(packets, { maxLength: 4 }), (list) => {
      const data = writeRtcp(list);
      assert.equal(data.length % 4, 0);
      assert.deepEqual(accepted(parseRtcp(data)), list);
    }),
  );
});

test('damaged packets give an error or other packets, never an exception', () => {
  const damage = fc.array(record({ at: fc.nat(200), value: uint8 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(packets, damage, fc.nat(200), (packet, changes, cut) => {
      const data = writeRtcp([packet]);
      for (const { at, value } of changes) if (at < data.length) data[at] = value;
      parseRtcp(data.subarray(0, Math.max(4, data.length - cut)));
      parseRtcp(data);
    }),
    { numRuns: 1000 },
  );
});

test('lost packets across the wrap share one entry', () => {
  const data = writeRtcp([{ kind: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: [65_535, 0, 15] }]);
  assert.equal(data.toString('hex'), '81cd00030000000100000002ffff8001');
  const [nack] = accepted(parseRtcp(data));
  assert.deepEqual(nack?.kind === 'nack' && nack.lost, [65_535, 0, 15]);
});

test('NTP times keep their ms', () => {
  assert.equal(toNtp(0), 2_208_988_800n << 32n);
  for (const ms of [1_700_000_000_123.5, 1, 999.25]) assert.ok(Math.abs(fromNtp(toNtp(ms)) - ms) < 0.001, `${ms}`);
});

test('transport feedback tells every arrival, whatever was lost or overtaken', () => {
  const steps = fc.array(
    record({ lost: fc.boolean(), gapMs: fc.integer({ min: 0, max: 9000 }), burst: fc.integer({ min: 1, max: 40 }) }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 0xffff }), (list, start) => {
      const recorder = new ArrivalRecorder();
      const sent = new Map<number, number>();
      let sequence = start;
      let nowMs = 1_000_000;
      for (const { lost, gapMs, burst } of list) {
        nowMs += gapMs;
        for (let i = 0; i < burst; i++, sequence = (sequence + 1) & 0xffff) {
          if (lost) continue;
          recorder.arrived(sequence, nowMs);
          sent.set(sequence, nowMs * 4);
        }
      }
      const told = new Map<number, number>();
      for (const feedback of recorder.take(1, 2)) {
        const [read] = accepted(parseRtcp(writeRtcp([feedback])));
        assert.ok(read?.kind === 'transportFeedback');
        for (const [i, ticks] of read.arrivals.entries())
          if (ticks !== null) told.set((read.baseSequence + i) & 0xffff, ticks);
      }
      assert.deepEqual(told, new Map([...sent].map(([number, ticks]) => [number, ticks])));
      assert.deepEqual(recorder.take(1, 2), []);
    }),
  );
});

test('of a sender that is told nothing for long only the newest arrivals are told', () => {
  const recorder = new ArrivalRecorder();
  for (let i = 0; i < 300_000; i++) recorder.arrived(i & 0xffff, i / 100);
  const told = recorder.take(1, 2).flatMap(({ arrivals }) => arrivals);
  assert.ok(told.length > 0 && told.length <= 4096, `${told.length}`);
  assert.equal(told.at(-1), Math.round((299_999 / 100) * 4));
});

test('feedback as others write it: run length, one-bit and two-bit vectors', () => {
  const header = Buffer.from('8fcd0000' + '0000000100000002', 'hex');
  const read = (fields: string, chunks: string, deltas: string): TransportFeedback['arrivals'] => {
    const data = Buffer.concat([header, Buffer.from(fields + chunks + deltas, 'hex')]);
    const padded = Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
    padded.writeUInt16BE(padded.length / 4 - 1, 2);
    const [feedback] = accepted(parseRtcp(padded));
    assert.ok(feedback?.kind === 'transportFeedback');
    return feedback.arrivals;
  };
  assert.deepEqual(read('0005000300000100', '2003', '040000'), [260, 260, 260]);
  assert.deepEqual(
    read('0005000400000100', 'a400', '0402'),
    [null, null, 260, null].map((v, i) => (i === 0 ? 260 : i === 3 ? 262 : v === 260 ? null : v)),
  );
  assert.deepEqual(read('0005000300000100', 'd200', '04fffc'), [260, null, 256]);
});

test('what got lost between two feedbacks is told as lost', () => {
  const recorder = new ArrivalRecorder();
  for (const sequence of [65534, 65535]) recorder.arrived(sequence, 1000);
  const [first] = recorder.take(1, 2);
  for (const sequence of [2, 3]) recorder.arrived(sequence, 1050);
  const [second] = recorder.take(1, 2);
  assert.deepEqual([first?.baseSequence, first?.arrivals], [65534, [4000, 4000]]);
  assert.deepEqual([second?.baseSequence, second?.arrivals], [0, [null, null, 4200, 4200]]);
  recorder.arrived(700, 1100);
  const later = recorder.take(1, 2);
  assert.deepEqual(
    later.map(({ baseSequence, arrivals }) => [baseSequence, arrivals.length, arrivals.at(-1)]),
    [[516, 185, 4400]],
    'packets without any arrival among them are no feedback',
  );
});

test('reports of many tracks, one after another in the same bytes, say what each has sent', () => {
  const writer = new SenderReportWriter('everyone');
  fc.assert(
    fc.property(uint32, uint32, uint32, fc.nat(2 ** 40), fc.nat(4e12), (ssrc, timestamp, packets, bytes, nowMs) => {
      writer.at(nowMs);
      assert.deepEqual(parseRtcp(writer.write({ ssrc, packets, payloadBytes: bytes }, timestamp)), [
        { kind: 'senderReport', ssrc, ntp: toNtp(nowMs), timestamp, packets, bytes: bytes % 2 ** 32, reports: [] },
        { kind: 'sourceDescription', chunks: [{ ssrc, items: [{ type: 1, text: 'everyone' }] }] },
      ]);
      assert.equal(toShortNtp(nowMs), shortNtp(toNtp(nowMs)));
    }),
  );
});
