import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Room } from '@lianmai/contract/rest';
import { freshPushAddress } from './push-address.ts';

const room = (push?: { whip: string; rtmp: string }) =>
  ({ channel: { id: 'ch_1', stream: 's', push } }) as unknown as Room;

test('a broadcast that outlives its push address asks the room for another, on the page’s own origin', async () => {
  const asked: string[] = [];
  const address = await freshPushAddress('room_1', async (id) => {
    asked.push(id);
    const whip = 'http://live.test:8080/live/s.whip?txSecret=new&txTime=70000000';
    return { ok: true, value: room({ whip, rtmp: '' }) };
  });
  assert.deepEqual([asked, address], [['room_1'], '/live/s.whip?txSecret=new&txTime=70000000']);
});

test('without an answer, or in a room that is closed, there is none', async () => {
  assert.equal(await freshPushAddress('r', async () => ({ ok: false, problem: { kind: 'away' } })), null);
  assert.equal(await freshPushAddress('r', async () => ({ ok: true, value: room() })), null);
});
