import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtpCount } from './rtp-count.ts';

function count(...sequences: number[]): { sent: number; received: number } {
  const counted = new RtpCount();
  for (const sequence of sequences) {
    const packet = Buffer.alloc(12);
    packet.writeUInt16BE(sequence, 2);
    counted.add(packet);
  }
  return { sent: counted.sent, received: counted.received };
}

test('gaps in the numbers are packets that were sent and did not come', () => {
  assert.deepEqual(count(10, 11, 14), { sent: 5, received: 3 });
});

test('numbers wrap', () => {
  assert.deepEqual(count(65534, 65535, 0, 2), { sent: 5, received: 4 });
  const all = Array.from({ length: 70_000 }, (_, i) => i & 0xffff);
  assert.deepEqual(count(...all), { sent: 70_000, received: 70_000 });
});

test('a packet that comes late is not lost', () => {
  assert.deepEqual(count(10, 12, 11), { sent: 3, received: 3 });
});
