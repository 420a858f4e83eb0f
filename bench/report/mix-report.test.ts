import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MixLiveRun, MixRun } from '../mix.ts';
import { mixReport } from './mix-report.ts';

const run = (peer: string, inputs: number, cpuPerS: number, psnr: number | null): MixRun => ({
  ...{ peer, inputs, content: 'people', repeat: 1, peakMb: 120 },
  ...{ longS: 1 + 10 * cpuPerS, shortS: 1, measureS: 10 },
  quality: psnr === null ? null : { psnr, ssim: 0.95, videoKbps: 1500, frames: 625 },
});

const live: MixLiveRun = {
  ...{ mixes: 4, inputs: 4, cpuPercent: 80, pictures: 2000, latePictures: 1 },
  ...{ underruns: 0, delayMs: 70, memoryMb: 200 },
};

test('a mix shows the least of its repeats, its share of ffmpeg’s CPU and what its quality is beside it', () => {
  const own = [run('lianmai', 4, 0.18, 35.1), run('lianmai', 4, 0.9, null), run('lianmai', 4, 0.19, null)];
  const { text } = mixReport([...own, run('ffmpeg', 4, 0.24, 35.2)], live);
  assert.match(text, /lianmai \| +4 \| people \| +0\.180 \| +0\.75 \| +22\.2 /);
  assert.match(text, /✔ lianmai, 4 × people: CPU ÷ ffmpeg's 0\.75 \(at most 0\.8\), PSNR -0\.10 dB/);
  assert.match(text, /✔ inputs per core in rooms of 4: 22\.2/);
  assert.match(text, /✔ 4 mixes of 4 in one process at 80\.0 % of a core: 99\.95 %/);
});

test('cheap at too low a quality does not reach the target', () => {
  const { text } = mixReport([run('lianmai', 9, 0.1, 34), run('ffmpeg', 9, 0.4, 35)], { ...live, latePictures: 9 });
  assert.match(text, /✖ lianmai, 9 × people: .* PSNR -1\.00 dB \(at least −0\.3\)/);
  assert.match(text, /✖ 4 mixes of 4/);
});

test('without ffmpeg, or without the mixer, nothing is said of it', () => {
  assert.doesNotMatch(mixReport([run('lianmai', 4, 0.1, 35)], null).text, /ffmpeg's/);
  assert.doesNotMatch(mixReport([run('ffmpeg', 4, 0.1, 35)], null).text, /inputs per core|pictures out/);
});
