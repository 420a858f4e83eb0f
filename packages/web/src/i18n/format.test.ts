import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ago, codecName, decimal, definition, pictureSize, seconds, shortNumber, wholeNumber } from './format.ts';

describe('numbers of viewers', () => {
  test('are short at a glance, in the units of the language', () => {
    assert.equal(shortNumber(1, 'en'), '1');
    assert.equal(shortNumber(999, 'en'), '999');
    assert.equal(shortNumber(10_000, 'en'), '10K');
    assert.equal(shortNumber(10_000, 'zh'), '1万');
    assert.equal(shortNumber(1_234_567, 'en'), '1.2M');
    assert.equal(shortNumber(1_234_567, 'zh'), '123.5万');
  });
  test('and whole where there is room', () => {
    assert.equal(wholeNumber(10_000, 'en'), '10,000');
    assert.equal(wholeNumber(10_000, 'zh'), '10,000');
  });
});

describe('times', () => {
  const nowMs = Date.UTC(2026, 0, 10, 12);
  test('are told by their distance', () => {
    assert.equal(ago(nowMs - 5 * 60_000, nowMs, 'en'), '5 minutes ago');
    assert.equal(ago(nowMs - 5 * 60_000, nowMs, 'zh'), '5分钟前');
    assert.equal(ago(nowMs - 3 * 3_600_000, nowMs, 'en'), '3 hours ago');
    assert.equal(ago(nowMs - 49 * 3_600_000, nowMs, 'en'), '2 days ago');
  });
  test('within a minute, or in the future of a wrong clock, they are just now', () => {
    assert.equal(ago(nowMs - 59_000, nowMs, 'en'), null);
    assert.equal(ago(nowMs + 60_000, nowMs, 'en'), null);
  });
});

test('delays have their unit', () => {
  assert.equal(seconds(1234, 'en'), '1.2 sec');
  assert.equal(seconds(432, 'en'), '430 ms');
  assert.equal(seconds(997, 'en'), '1.0 sec');
  assert.equal(seconds(1234, 'zh'), '1.2秒');
});

test('pictures have a size and a name, upright ones too', () => {
  assert.equal(pictureSize({ width: 1280, height: 720 }), '1280\u00a0×\u00a0720');
  assert.equal(definition({ width: 1280, height: 720 }), '720p');
  assert.equal(definition({ width: 1080, height: 1920 }), '1080p');
});

test('decimals have no more digits than wanted', () => {
  assert.equal(decimal(29.97, 1, 'en'), '30');
  assert.equal(decimal(1.05, 2, 'en'), '1.05');
});

test('codecs are spelled as usual, unknown ones as they are', () => {
  assert.equal(codecName('h265'), 'H.265');
  assert.equal(codecName('xyz'), 'xyz');
});
