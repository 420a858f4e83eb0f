import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { iceServersFor, turnCredentials } from './turn-credentials.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');

test('credentials are those a TURN server with the same secret computes', () => {
  const { username, credential } = turnCredentials('north', 'anna', NOON);
  assert.equal(username, `${(NOON + 24 * 3_600_000) / 1000}:anna`);
  assert.equal(credential, createHmac('sha1', 'north').update(username).digest('base64'));
  assert.deepEqual(turnCredentials('k', 'u', 0), { username: '86400:u', credential: '5iNhhSkWtb61QzVkcj5BzC9asKs=' });
});

test('they last for 12 to 24 hours and change twice a day', () => {
  const expiry = (atMs: number) => Number(turnCredentials('north', 'anna', atMs).username.split(':')[0]) * 1000 - atMs;
  for (let minute = 0; minute < 3000; minute += 7) {
    const left = expiry(NOON + minute * 60_000);
    assert.ok(left > 12 * 3_600_000 && left <= 24 * 3_600_000, `${left} ms`);
  }
  assert.deepEqual(turnCredentials('north', 'anna', NOON), turnCredentials('north', 'anna', NOON + 11 * 3_600_000));
});

test('TURN servers without credentials get them; STUN servers, and TURN servers with their own, stay as they are', () => {
  const servers = [
    { urls: 'stun:stun.example' },
    { urls: ['turn:turn.example?transport=udp', 'turns:turn.example'] },
    { urls: 'turn:other.example', username: 'u', credential: 'p' },
    { urls: [7] },
    'nonsense',
    null,
  ];
  assert.deepEqual(iceServersFor(servers, 'north', 'anna', NOON), [
    { urls: ['stun:stun.example'] },
    { urls: ['turn:turn.example?transport=udp', 'turns:turn.example'], ...turnCredentials('north', 'anna', NOON) },
    { urls: ['turn:other.example'], username: 'u', credential: 'p' },
  ]);
  assert.deepEqual(iceServersFor(servers.slice(1, 2), null, 'anna', NOON), [
    { urls: ['turn:turn.example?transport=udp', 'turns:turn.example'] },
  ]);
});
