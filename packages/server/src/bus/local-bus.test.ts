/** The same suite with a real process behind each kill: a child holds the lease or serves, and is ended by SIGKILL. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { LocalBroker } from './local-broker.ts';
import { LocalBus } from './local-bus.ts';
import { childChannel, pairedChannels } from './local-channel.ts';

test('a child process killed with SIGKILL loses its leases, and what it was asked is asked of the next', async (t) => {
  const broker = new LocalBroker();
  const { member, broker: end } = pairedChannels();
  broker.attach(end);
  const bus = new LocalBus(member, assert.fail);
  const children: ChildProcess[] = [];
  t.after(() => {
    for (const child of children) child.kill('SIGKILL');
    broker.close();
  });
  const startChild = (name: string) => {
    const child = fork(new URL('./testing/child.ts', import.meta.url), [name], { serialization: 'advanced' });
    children.push(child);
    broker.attach(childChannel(child));
    return child;
  };

  const held: (string | null)[] = [];
  const changed = new EventTarget();
  await bus.watch<string>('worker/', (_, value) => {
    held.push(value);
    changed.dispatchEvent(new Event(value ?? 'none'));
  });
  const firstHolds = once(changed, 'first');
  const first = startChild('first');
  await firstHolds;
  const asked = bus.request('supervisor.health', null, { timeoutMs: 15_000 });
  const lost = once(changed, 'none');
  first.kill('SIGKILL');
  await lost;
  const secondHolds = once(changed, 'second');
  startChild('second');
  await secondHolds;
  assert.deepEqual(await asked, { ok: true, processes: [{ name: 'second', ok: true }] });
  assert.deepEqual(held, ['first', null, 'second']);
});
