import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SoakSample } from '../mix-soak.ts';
import { soakReport } from './soak-report.ts';

const samples = (rssMb: (i: number) => number, files = 20): SoakSample[] =>
  Array.from({ length: 50 }, (_, i) => ({
    ...{ atS: 10 * i, events: 30 * i, rssMb: rssMb(i), heapMb: 20, files: i > 40 ? files : 20, threads: 11 },
  }));

test('what is held once all is warm stays the same', () => {
  const text = soakReport(samples((i) => (i < 5 ? 100 : 200)));
  assert.match(text, /✔ memory grew by 0\.00 MB/);
  assert.match(text, /✔ 0\.00 files and 0\.00 threads more/);
});

test('memory or files that are never given back are seen', () => {
  assert.match(soakReport(samples((i) => 100 + i)), /✖ memory grew by 30\.0 MB/);
  assert.match(soakReport(samples(() => 100, 30)), /✖ 10\.0 files/);
});
