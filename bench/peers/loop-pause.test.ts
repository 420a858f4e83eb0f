import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestPauseMs } from './loop-pause.ts';

const metric = (process: string, seconds: number) =>
  `lianmai_nodejs_eventloop_lag_max_seconds{process="${process}"} ${seconds}`;

test('the longest pause is that of the worst media worker, without the sampling interval', () => {
  const text = [metric('edge-0', 0.022), metric('edge-1', 0.0355), metric('control', 0.9)].join('\n');
  assert.equal(longestPauseMs(text)?.toFixed(3), '15.500');
});

test('without media workers in the metrics there is no pause to tell', () => {
  assert.equal(longestPauseMs(metric('control', 0.02)), null);
});
