import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { leftShare, secondsLeft } from './score.ts';

describe('the score bar', () => {
  test('begins in the middle and follows the score', () => {
    assert.equal(leftShare(0, 0), 0.5);
    assert.equal(leftShare(75, 25), 0.75);
  });
  test('leaves who has nothing room for the number', () => {
    assert.ok(leftShare(0, 1000) > 0.1 && leftShare(1000, 0) < 0.9);
  });
});

describe('the time that is left', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  test('is in whole seconds, never less than none', () => {
    assert.equal(secondsLeft('2026-01-01T00:00:10.400Z', now), 11);
    assert.equal(secondsLeft('2025-12-31T23:59:00Z', now), 0);
    assert.equal(secondsLeft(null, now), 0);
  });
});
