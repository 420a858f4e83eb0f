import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FanoutRun } from '../fanout.ts';
import { fanoutReport } from './fanout-report.ts';

const spread = { median: 1, p95: 2, max: 3 };
const run = (peer: string, cpuUsPerViewerS: number, stalled = 0): FanoutRun => ({
  peer,
  protocol: 'rtmp',
  viewers: 1000,
  tickMs: peer === 'lianmai' ? 350 : null,
  repeat: 1,
  loopPauseMs: peer === 'lianmai' ? 4 : null,
  load: {
    ...{ viewers: 1000, watching: 1000, dead: 0, stalled, badTags: 0, cpuUsPerViewerS, memoryKbPerViewer: 12 },
    ...{ measuredS: 8, cpuPercent: 5, userPercent: 1, systemPercent: 4, generatorCpuPercent: 1, machineBusyPercent: 7 },
    ...{ memoryBeforeKb: 1, memoryKb: 2, rateKBps: { min: 99, p1: 99, median: 100, max: 101 } },
    ...{ longestGapMs: spread, firstByteMs: spread, firstKeyFrameMs: spread },
  },
  probe: { viewers: 10, failed: 0, firstByteMs: spread, firstKeyFrameMs: spread },
});

test('a case shows the median of its repeats and its ratio to the peer with as many viewers', () => {
  const runs = [run('lianmai', 40), run('lianmai', 90), run('lianmai', 50), run('nginx-rtmp', 200)];
  const { text, medians } = fanoutReport(runs);
  assert.equal(medians.find(({ peer }) => peer === 'lianmai')?.cpuUsPerViewerS, 50);
  assert.match(text, /lianmai .* 50\.0 \| +0\.25 /);
  assert.match(text, /✔ CPU, rtmp, 1000 viewers, 350 ms: µs\/viewer-s 50\.0 \(at most 55\)/);
});

test('a stall in any repeat misses the target', () => {
  const { text } = fanoutReport([run('lianmai', 40), run('lianmai', 40, 1), run('lianmai', 40)]);
  assert.match(text, /✖ viewers stalled or gone 1\.00/);
});

test('other work on the machine is told', () => {
  const quiet = run('lianmai', 40);
  assert.doesNotMatch(fanoutReport([quiet]).text, /Other work/);
  const busy = { ...quiet, load: { ...quiet.load, machineBusyPercent: 96 } };
  assert.match(fanoutReport([busy, busy]).text, /Other work used 90 % of a CPU/);
});
