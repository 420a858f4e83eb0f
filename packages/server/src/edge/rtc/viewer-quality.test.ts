import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ViewerQuality } from './viewer-quality.ts';

/** A viewer that gets 150 packets a second; `missed` of them are asked for, after `roundTripMs`. */
function watching() {
  const quality = new ViewerQuality();
  let sequence = 65_000;
  const pass = (seconds: number, missed: number, roundTripMs = 20) =>
    Array.from({ length: seconds }, () => {
      const lost = Array.from({ length: 150 }, (_, i) => (sequence + i) & 0xffff).slice(0, missed);
      sequence += 150;
      quality.asked(lost);
      quality.asked(lost);
      quality.answered(roundTripMs);
      return quality.second(150);
    }).filter((advice) => advice !== null);
  return { quality, pass };
}

test('what radio links lose is no reason for a smaller picture', () => {
  const { quality, pass } = watching();
  assert.deepEqual(pass(60, 8), []);
  assert.equal(quality.strained, false);
});

test('a network that loses much, or lets packets queue, asks for a smaller one, again and again', () => {
  const { quality, pass } = watching();
  assert.deepEqual(pass(4, 30), ['smaller']);
  assert.equal(quality.strained, true);
  assert.deepEqual(pass(4, 30), ['smaller']);
  const queued = watching();
  queued.pass(3, 0, 20);
  assert.deepEqual(queued.pass(8, 0, 600), ['smaller', 'smaller']);
});

test('loss that is only reported counts as well', () => {
  const quality = new ViewerQuality();
  const advice = Array.from({ length: 5 }, (_, i) => {
    quality.reported(i * 40);
    return quality.second(150);
  });
  assert.deepEqual(advice, [null, null, null, 'smaller', null]);
});

test('when it is calm a larger one is tried, and later each time that it was too much', () => {
  const { quality, pass } = watching();
  pass(4, 30);
  const waits: number[] = [];
  for (let round = 0; round < 5; round++) {
    let seconds = 0;
    while (pass(1, 0).length === 0) seconds++;
    waits.push(seconds);
    assert.equal(quality.strained, false);
    while (pass(1, 40).length === 0);
  }
  assert.ok(
    waits.every((wait, i) => i === 0 || wait > waits[i - 1]! * 1.5),
    waits.join(),
  );
  while (pass(1, 0).length === 0);
  assert.ok(pass(60, 0).length <= 1, 'one step at a time');
});

test('a picture that stands still tells nothing', () => {
  const quality = new ViewerQuality();
  for (let i = 0; i < 100; i++) assert.equal(quality.second(2), null);
});
