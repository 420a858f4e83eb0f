import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fetchLiveList, fetchLiveStream } from './api.ts';

const { signal } = new AbortController();

/** Answers every request the same way, and remembers what was asked. */
function answer(t: TestContext, respond: () => Response | Promise<Response>) {
  const asked: string[] = [];
  t.mock.method(globalThis, 'fetch', async (path: string) => {
    asked.push(path);
    return respond();
  });
  return asked;
}

test('the list is the page’s items', async (t) => {
  const asked = answer(t, () => Response.json({ items: [{ stream: 'a' }], nextCursor: null }));
  assert.deepEqual(await fetchLiveList(signal), { ok: true, value: [{ stream: 'a' }] });
  assert.deepEqual(asked, ['/v1/live?limit=100']);
});

test('a stream nobody has is none, and so is a name that can be none', async (t) => {
  const asked = answer(t, () => Response.json({ error: { message: 'x' } }, { status: asked.length === 1 ? 404 : 400 }));
  assert.deepEqual(await fetchLiveStream('nobody', signal), { ok: true, value: null });
  assert.deepEqual(await fetchLiveStream('a/b', signal), { ok: true, value: null });
  assert.deepEqual(asked, ['/v1/live/nobody', '/v1/live/a%2Fb']);
});

test('a refusal brings the server’s own words', async (t) => {
  answer(t, () => Response.json({ error: { message: 'Too many requests' } }, { status: 429 }));
  assert.deepEqual(await fetchLiveList(signal), {
    ok: false,
    failure: { kind: 'refused', status: 429, message: 'Too many requests' },
  });
});

test('a server that is down, says nothing or nonsense is unreachable', async (t) => {
  const failure = { ok: false, failure: { kind: 'unreachable' } };
  const answers = [
    () => new Response('', { status: 503 }),
    () => new Response('<html>', { status: 200 }),
    () => Promise.reject(new TypeError('fetch failed')),
  ];
  answer(t, () => answers.shift()!());
  t.mock.getter(globalThis, 'navigator', () => ({ onLine: true }));
  assert.deepEqual(await fetchLiveList(signal), failure);
  assert.deepEqual(await fetchLiveList(signal), failure);
  assert.deepEqual(await fetchLiveList(signal), failure);
});

test('without a network the device is offline', async (t) => {
  answer(t, () => Promise.reject(new TypeError('fetch failed')));
  t.mock.getter(globalThis, 'navigator', () => ({ onLine: false }));
  assert.deepEqual(await fetchLiveList(signal), { ok: false, failure: { kind: 'offline' } });
});
