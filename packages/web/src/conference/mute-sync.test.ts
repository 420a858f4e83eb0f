import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { settled } from '../rtc/testing.ts';
import type { Muted } from './api.ts';
import { MuteSync } from './mute-sync.ts';

const OPEN: Muted = { audio: false, video: false };

let sent: Partial<Muted>[];
let overruled: string[];
let outcome: 'done' | 'forbidden' | 'failed';

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  sent = [];
  overruled = [];
  outcome = 'done';
});
afterEach(() => mock.timers.reset());

function sync(taken: Muted, wanted: Muted): MuteSync {
  return new MuteSync(
    {
      send: async (changed) => {
        sent.push(changed);
        return outcome;
      },
      overruled: (kinds) => overruled.push(...kinds),
    },
    taken,
    wanted,
  );
}

describe('what the others are shown', () => {
  test('is told when it is another than the server has, and only that', async () => {
    const muting = sync(OPEN, { audio: true, video: false });
    await settled();
    muting.set({ audio: true, video: true });
    await settled();
    muting.set({ audio: true, video: true });
    await settled();
    assert.deepEqual(sent, [{ audio: true }, { video: true }]);
    muting.close();
  });

  test('is told anew by the next news when it could not be told', async () => {
    outcome = 'failed';
    const muting = sync(OPEN, { audio: true, video: false });
    await settled();
    outcome = 'done';
    muting.heard(OPEN);
    await settled();
    assert.deepEqual(sent, [{ audio: true }, { audio: true }]);
    assert.deepEqual(overruled, []);
    muting.close();
  });
});

describe('the owner', () => {
  test('switches off what was on', async () => {
    const muting = sync(OPEN, OPEN);
    muting.heard({ audio: true, video: false });
    await settled();
    assert.deepEqual(overruled, ['audio']);
    assert.deepEqual(sent, []);
    muting.close();
  });

  test('is not believed to have done what we did ourselves a moment ago', async () => {
    const muting = sync({ audio: true, video: false }, OPEN);
    await settled();
    // Was on its way when the server took the change.
    muting.heard({ audio: true, video: false });
    muting.heard(OPEN);
    mock.timers.tick(1_500);
    await settled();
    assert.deepEqual(overruled, []);
    muting.close();
  });

  test('has the last word after that moment', async () => {
    const muting = sync({ audio: true, video: false }, OPEN);
    await settled();
    muting.heard({ audio: true, video: false });
    mock.timers.tick(1_500);
    await settled();
    assert.deepEqual(overruled, ['audio']);
    muting.close();
  });

  test('does not let it be opened again', async () => {
    const muting = sync({ audio: true, video: false }, { audio: true, video: false });
    outcome = 'forbidden';
    muting.set(OPEN);
    await settled();
    assert.deepEqual(sent, [{ audio: false }]);
    assert.deepEqual(overruled, ['audio']);
    muting.close();
  });

  test('who opens it again leaves it to us to speak', async () => {
    const muting = sync({ audio: true, video: false }, { audio: true, video: false });
    muting.heard(OPEN);
    await settled();
    assert.deepEqual(sent, [{ audio: true }], 'we are still silent, and say so');
    muting.close();
  });
});
