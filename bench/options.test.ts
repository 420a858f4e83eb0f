import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from './options.ts';

test('names and options come apart; what is not given is left to the benchmark', () => {
  const { names, options } = parseOptions(['fanout', '--quick', '--viewers', '10,20', '--ticks', '0']);
  assert.deepEqual(names, ['fanout']);
  assert.deepEqual([options.quick, options.viewers, options.ticks, options.repeats], [true, [10, 20], [0], null]);
});

test('what is not a number or a protocol is named', () => {
  assert.throws(() => parseOptions(['--viewers', 'many']), /--viewers takes whole numbers from 1 on/);
  assert.throws(() => parseOptions(['--inputs', '4,5']), /--inputs takes numbers of 1, 2, 4, 9, 16, not "4,5"/);
  assert.throws(() => parseOptions(['--protocols', 'hls']), /--protocols takes flv, rtmp or both, not "hls"/);
});
