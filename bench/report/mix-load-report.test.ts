import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MixLoadRun } from '../mix-load.ts';
import { mixLoadReport } from './mix-load-report.ts';

const run: MixLoadRun = {
  ...{ kind: 'grid', rooms: 4, inputs: 4, mixers: 1, refused: 0, measureS: 10, fps: 100 },
  ...{ mixerCpuS: 8, serverCpuS: 10, mixerMb: 400, frames: 4000, lateFrames: 2 },
  watched: { pictures: 4000, late: 8, longestMs: 70 },
};

test('rooms show what one costs, how many inputs a core carries, and how many pictures were on time', () => {
  const { text } = mixLoadReport([run]);
  assert.match(text, /grid +\| +4 \| +80\.0 \| +0\.200 \| +0\.250 \| +20\.0 \| +99\.95 \| +99\.80 \| +70\.0 \| +100 /);
  assert.match(text, /✔ grid: 20\.0 inputs per core/);
  assert.match(text, /✖ grid: 99\.80 % of pictures out/);
});

test('pictures that were left out, or never seen, were not on time, and make nothing cheaper', () => {
  const { figures } = mixLoadReport([{ ...run, frames: 3000, watched: { pictures: 3000, late: 10, longestMs: 70 } }]);
  assert.deepEqual([figures[0]?.onTimePercent, figures[0]?.seenOnTimePercent], [75, 74.75]);
  assert.equal(figures[0]?.inputsPerCore, 15);
});

test('what mixes told a moment after the window, and the picture at its edge, are not taken for left out', () => {
  const watched = { pictures: 3997, late: 0, longestMs: 9 };
  const { figures } = mixLoadReport([{ ...run, frames: 3700, lateFrames: 0, watched }]);
  assert.deepEqual([figures[0]?.onTimePercent, figures[0]?.seenOnTimePercent], [100, 100]);
});

test('rooms that were not let in are said', () => {
  assert.match(mixLoadReport([{ ...run, refused: 2 }]).text, /grid: 2 more rooms were not let in/);
});
