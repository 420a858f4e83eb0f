import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure, median, medianOf } from './figures.ts';

test('the median is the middle value, or between the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 100]), 3.5);
});

test('values that are not there do not count', () => {
  assert.equal(medianOf([null, 2, undefined, 4]), 3);
  assert.equal(medianOf([null]), null);
});

test('figures carry three digits', () => {
  assert.deepEqual([0.1234, 45.67, 183.4, null].map(figure), ['0.12', '45.7', '183', '–']);
});
