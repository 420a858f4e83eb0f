import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { LikeBatch } from './like-batch.ts';

describe('likes', () => {
  test('of one moment are sent together', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const sent: number[] = [];
    const batch = new LikeBatch((count) => sent.push(count));
    for (let i = 0; i < 12; i++) batch.tap();
    assert.deepEqual(sent, []);
    mock.timers.tick(600);
    assert.deepEqual(sent, [12]);
    mock.timers.tick(10_000);
    assert.deepEqual(sent, [12], 'and nothing after them');
    mock.timers.reset();
  });

  test('are a hundred a message at most, the rest follows', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const sent: number[] = [];
    const batch = new LikeBatch((count) => sent.push(count));
    for (let i = 0; i < 230; i++) batch.tap();
    for (let i = 0; i < 4; i++) mock.timers.tick(600);
    assert.deepEqual(sent, [100, 100, 30]);
    mock.timers.reset();
  });

  test('that were one’s own are not shown once more when the room’s sum comes', () => {
    const batch = new LikeBatch(() => undefined);
    for (let i = 0; i < 5; i++) batch.tap();
    batch.flush();
    assert.equal(batch.others(3), 0);
    assert.equal(batch.others(10), 8);
    assert.equal(batch.others(4), 4);
  });

  test('that wait are sent when one leaves', () => {
    const sent: number[] = [];
    const batch = new LikeBatch((count) => sent.push(count));
    batch.tap();
    batch.close();
    batch.close();
    assert.deepEqual(sent, [1]);
  });
});
