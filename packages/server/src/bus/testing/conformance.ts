import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { LiveError, type PublishGrant, type PublishRequest, type StreamEvent } from '@lianmai/contract';
import type { Bus } from '../bus.ts';

export interface BusUnderTest {
  /** A new member of one system. */
  member(): Promise<{ bus: Bus; kill(): Promise<void> }>;
  close(): Promise<void>;
}

const asked: PublishRequest = { stream: 's', query: '', protocol: 'rtmp', ip: '127.0.0.1', worker: 'w0' };
const grant: PublishGrant = { sessionId: 'x', channelId: 'c', accountId: 'a', play: { signedWith: null } };
const happened = (stream: string): StreamEvent => ({
  stream,
  channelId: 'c',
  sessionId: 'x',
  worker: 'w',
  state: 'live',
  atMs: 1,
});

/** What every implementation of {@link Bus} must do. */
export function describeBus(name: string, open: () => Promise<BusUnderTest>): void {
  const busTest = (title: string, run: (system: BusUnderTest) => Promise<void>) =>
    test(`${name}: ${title}`, { timeout: 20_000 }, async () => {
      const system = await open();
      try {
        await run(system);
      } finally {
        await system.close();
      }
    });

  busTest('an event reaches every listener in the order it was sent', async (system) => {
    const [a, b, c] = await Promise.all([system.member(), system.member(), system.member()]);
    const heard: string[] = [];
    const done = new EventTarget();
    for (const [i, { bus }] of [b, c].entries())
      bus.subscribe('stream.event', (e) => heard.push(`${i}${e.stream}`) === 6 && done.dispatchEvent(new Event('all')));
    await Promise.all([settled(b.bus), settled(c.bus)]);
    const all = once(done, 'all');
    for (const s of ['x', 'y', 'z']) a.bus.publish('stream.event', happened(s));
    await all;
    assert.equal(heard.filter((h) => h.startsWith('0')).join(), '0x,0y,0z');
    assert.equal(heard.filter((h) => h.startsWith('1')).join(), '1x,1y,1z');
  });

  busTest('a request is answered once, and its errors keep their code', async (system) => {
    const [a, b] = await Promise.all([system.member(), system.member()]);
    b.bus.serve('control.publish', (q) => {
      if (q.stream === 'bad') throw new LiveError('BAD_SIGNATURE', 'no', 'query');
      return { ...grant, sessionId: q.stream };
    });
    assert.equal((await a.bus.request('control.publish', asked)).sessionId, 's');
    await assert.rejects(
      a.bus.request('control.publish', { ...asked, stream: 'bad' }),
      (e) => e instanceof LiveError && e.name === 'BAD_SIGNATURE' && e.field === 'query',
    );
  });

  busTest('a request waits for somebody to serve it, and fails when nobody comes', async (system) => {
    const [a, b] = await Promise.all([system.member(), system.member()]);
    const answer = a.bus.request('control.publish', asked);
    b.bus.serve('control.publish', () => grant);
    assert.deepEqual(await answer, grant);
    await assert.rejects(
      a.bus.request('supervisor.health', null, { timeoutMs: 30 }),
      (e) => e instanceof LiveError && e.name === 'UNAVAILABLE',
    );
  });

  busTest('a request whose server dies is asked again of the next one', async (system) => {
    const [a, b, c] = await Promise.all([system.member(), system.member(), system.member()]);
    const reached = new Promise<void>((resolve) =>
      b.bus.serve('control.publish', () => {
        resolve();
        return new Promise(() => {});
      }),
    );
    const answer = a.bus.request('control.publish', asked);
    await reached;
    await b.kill();
    c.bus.serve('control.publish', () => ({ ...grant, sessionId: 'second' }));
    assert.equal((await answer).sessionId, 'second');
  });

  busTest('a gather brings one answer of each, without the ones that died or are slow', async (system) => {
    const members = await Promise.all([0, 1, 2, 3].map(() => system.member()));
    for (const [i, { bus }] of members.entries())
      bus.answer('all.metrics', () => (i === 3 ? new Promise(() => {}) : i));
    await Promise.all(members.map(({ bus }) => settled(bus)));
    const answers = await members[0]!.bus.gather('all.metrics', null, { timeoutMs: 200 });
    assert.deepEqual(answers.toSorted(), [0, 1, 2]);
    await members[3]!.kill();
    assert.equal((await members[0]!.bus.gather('all.metrics', null, { timeoutMs: 5000 })).length, 3);
  });

  busTest('a lease is taken by one of many at once, and by the next after release or death', async (system) => {
    const members = await Promise.all([0, 1, 2, 3].map(() => system.member()));
    const taken = await Promise.all(members.map(({ bus }, i) => bus.acquire('stream/x', { worker: i })));
    const winners = taken.filter((t) => t.lease !== null);
    assert.equal(winners.length, 1);
    const winner = taken.findIndex((t) => t.lease !== null);
    for (const t of taken) if (t.lease === null) assert.deepEqual(t.holder, { worker: winner });

    await winners[0]!.lease!.release();
    const next = (winner + 1) % 4;
    assert.ok((await members[next]!.bus.acquire('stream/x', { worker: next })).lease);

    const after = members[(next + 1) % 4]!.bus;
    const ended = new Promise<void>(
      (resolve) => void after.watch('stream/', (_, value) => value === null && resolve()),
    );
    await settled(after);
    await members[next]!.kill();
    await ended;
    assert.ok((await after.acquire('stream/x', { worker: 'after' })).lease);
  });

  busTest('a watch tells what is held now, then each change, of its prefix only', async (system) => {
    const [a, b] = await Promise.all([system.member(), system.member()]);
    await a.bus.acquire('stream/early', 1);
    const seen: string[] = [];
    const end = Promise.withResolvers<void>();
    const stop = await b.bus.watch('stream/', (key, value) => {
      seen.push(`${key}=${value}`);
      if (key === 'stream/last') end.resolve();
    });
    assert.deepEqual(seen, ['stream/early=1']);
    const late = await a.bus.acquire('stream/late', 2);
    await a.bus.acquire('hls/late', 3);
    await late.lease?.release();
    await a.bus.acquire('stream/last', 4);
    await end.promise;
    assert.deepEqual(seen, ['stream/early=1', 'stream/late=2', 'stream/late=null', 'stream/last=4']);
    stop();
  });
}

/** Resolves once everything this member asked before has reached the others. */
async function settled(bus: Bus): Promise<void> {
  await bus.watch('none/', () => {});
}
