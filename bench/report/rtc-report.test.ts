import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RtcRun } from '../rtc.ts';
import { rtcReport } from './rtc-report.ts';

const spread = { median: 60, p95: 70, max: 80 };
const run = (peer: string, cpuUsPerPacket: number, lostPackets = 0): RtcRun => ({
  peer,
  viewers: 200,
  repeat: 1,
  load: {
    ...{ viewers: 200, measuredS: 8, packets: 1000, cpuUsPerPacket, cpuPercent: 20, packetsPerViewerS: 140 },
    ...{ kbpsPerViewer: 800, viewersPerCore: 900, memoryBeforeKb: 1, memoryKb: 2, memoryMbPerViewer: 0.2 },
    ...{ lostPackets, gone: 0, generatorCpuPercent: 30 },
  },
  probe: { viewers: 10, failed: 0, firstPacketMs: spread, firstKeyFrameMs: spread },
});

test('a case shows the median of its repeats, and its share of what Janus uses', () => {
  const { text } = rtcReport([run('lianmai', 8), run('lianmai', 40), run('lianmai', 7), run('janus', 24)]);
  assert.match(text, /lianmai .* 8\.00 \| +0\.33 /);
  assert.match(text, /✔ CPU, 200 viewers: µs\/packet 8\.00 \(at most 9\)/);
  assert.match(text, /✔ Janus' CPU ÷ ours, worst case: 3\.00 \(at least 2\.5\)/);
});

test('without Janus nothing is said of it; what lost packets adds up over the repeats', () => {
  const { text, medians } = rtcReport([run('lianmai', 10, 20), run('lianmai', 10)]);
  assert.doesNotMatch(text, /Janus/);
  assert.match(text, /✖ CPU, 200 viewers/);
  assert.equal(medians[0]?.lostPercent, 1);
});

test('the bare transport is what the others are judged by', () => {
  const { text } = rtcReport([run('lianmai', 9), run('bare-transport', 7), run('janus', 14)]);
  assert.match(text, /the bare transport, 200 viewers: µs\/packet 7\.00, ours 2\.00 more, Janus' CPU ÷ its 2\.00/);
  assert.doesNotMatch(rtcReport([run('lianmai', 9)]).text, /bare/);
});
