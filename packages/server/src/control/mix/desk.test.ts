import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type ErrorBody, leases } from '@lianmai/contract';
import type { Channel, Mix } from '@lianmai/contract/rest';
import type { Store } from '../../store/store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

describeStores('mixes through restarts', (open) => {
  async function begin(t: { after(end: () => Promise<void>): void }) {
    const store: Store = await open();
    const clock = { ms: Date.now() };
    const control = await TestControl.start({ store, now: () => clock.ms });
    t.after(() => control.close());
    const make = async (body: object) => (await control.post<Mix>('/v1/mixes', body)).body;
    const look = async ({ id }: Mix) => (await control.get<Mix>(`/v1/mixes/${id}`)).body;
    return { control, clock, make, look };
  }

  it('go to another mixer at once when theirs dies, and wait for one when there is none', async (t) => {
    const { control, make, look } = await begin(t);
    const first = await control.mixer('mixer-0');
    const mix = await make({ inputs: ['a', 'b'] });
    const second = await control.mixer('mixer-1');
    first.kill();
    await until(() => second.jobs.has(mix.id));
    assert.equal(second.job(mix.id).version, 1);
    second.kill();
    const waiting = await until(async () => {
      const seen = await look(mix);
      return seen.state === 'waiting' ? seen : null;
    });
    assert.deepEqual([waiting.status, waiting.detail], [null, 'no mixer is there just now']);
    const made = await make({ inputs: ['c'] });
    assert.equal(made.state, 'waiting');
    const third = await control.mixer('mixer-1');
    await until(() => third.jobs.has(mix.id) && third.jobs.has(made.id));
    assert.equal((await look(mix)).state, 'running');
  });

  it('are not given to a mixer that is behind, and say so of those it makes', async (t) => {
    const { control, clock, make, look } = await begin(t);
    const slow = await control.mixer('mixer-0');
    const mix = await make({ inputs: ['a', 'b'] });
    const reports = async (lateFrames: (second: number) => number, until: (mix: Mix) => boolean) => {
      for (let second = 1; ; second++) {
        clock.ms += 1000;
        slow.report(mix.id, { frames: 1000 + 25 * second, lateFrames: lateFrames(second) });
        const seen = await look(mix);
        if (until(seen)) return second;
        assert.ok(second < 100, `it is still ${seen.detail}`);
      }
    };
    assert.ok(
      (await reports(
        (second) => 10 * second,
        ({ detail }) => /takes no more/.test(detail ?? ''),
      )) > 10,
    );
    const refused = await control.post<ErrorBody>('/v1/mixes', { inputs: ['c', 'd'] });
    assert.deepEqual([refused.status, refused.body.error.name], [503, 'MIXER_FULL']);
    assert.equal((await control.patch<Mix>(`/v1/mixes/${mix.id}`, { layout: 'pk' })).body.layout, 'pk');
    const other = await control.mixer('mixer-1');
    const made = await make({ inputs: ['c', 'd'] });
    assert.ok(other.jobs.has(made.id));
    await reports(
      () => 5000,
      ({ detail }) => detail === null,
    );
  });

  it('go on untouched while control restarts, and are not ordered again', async (t) => {
    const { control, make, look } = await begin(t);
    await control.post<Channel>('/v1/channels', { name: 'x', stream: 'show', pushAuth: 'open' });
    const mixer = await control.mixer('mixer-0');
    const mix = await make({ inputs: ['show', 'b'], output: { stream: 'show' } });
    await control.stop();
    await control.startAgain();
    await until(async () => (await look(mix)).state === 'running');
    assert.equal(mixer.orders.length, 1);
    assert.equal((await look(mix)).channels[0]?.showing, true);
  });

  it('are put right after a restart: what was ordered and deleted without a mixer hearing of it', async (t) => {
    const { control, clock, make, look } = await begin(t);
    const mixer = await control.mixer('mixer-0');
    const [kept, gone] = [await make({ inputs: ['a'] }), await make({ inputs: ['b'] })];
    mixer.deaf = true;
    assert.equal((await control.delete(`/v1/mixes/${gone.id}`)).status, 204);
    const changed = (await control.patch<Mix>(`/v1/mixes/${kept.id}`, { inputs: { add: ['c'] } })).body;
    assert.equal(changed.version, 2);
    assert.ok(mixer.jobs.has(gone.id));
    assert.equal((await look(kept)).detail, 'the mixer does not listen');
    await control.stop();
    mixer.deaf = false;
    await control.startAgain();
    await until(() => !mixer.jobs.has(gone.id) && mixer.job(kept.id).version === 2);

    // The same without a restart: the mixer's next report shows it.
    mixer.deaf = true;
    await control.delete(`/v1/mixes/${kept.id}`);
    mixer.deaf = false;
    clock.ms += 3100;
    mixer.report();
    await until(() => !mixer.jobs.has(kept.id));
  });

  it('are told again to a mixer that forgot one of them', async (t) => {
    const { control, clock, make } = await begin(t);
    const mixer = await control.mixer('mixer-0');
    const mix = await make({ inputs: ['a'] });
    mixer.jobs.delete(mix.id);
    mixer.report();
    clock.ms += 3100;
    mixer.report();
    await until(() => mixer.jobs.has(mix.id));
  });

  it('are awaited at their own mixers after a start of everything, not heaped on the first to come', async (t) => {
    const { control, make } = await begin(t);
    const [first, second] = [await control.mixer('mixer-0'), await control.mixer('mixer-1')];
    const mixes = [await make({ inputs: ['a'] }), await make({ inputs: ['b'] }), await make({ inputs: ['c'] })];
    const places = mixes.map(({ status }) => status?.mixer);
    assert.deepEqual(new Set(places), new Set(['mixer-0', 'mixer-1']));
    await control.stop();
    first.kill();
    second.kill();
    await control.startAgain();
    const again = [await control.mixer('mixer-0'), await control.mixer('mixer-1')];
    await until(() => again.reduce((sum, { jobs }) => sum + jobs.size, 0) === mixes.length);
    for (const [i, mix] of mixes.entries())
      assert.ok(again.find(({ id }) => id === places[i])?.jobs.has(mix.id), `${mix.id} at ${places[i]}`);
  });

  it('of a hundred are all an account may have', async (t) => {
    const { control, make } = await begin(t);
    for (const id of ['mixer-0', 'mixer-1', 'mixer-2']) await control.mixer(id, { cores: 4 });
    const some = await Promise.all(Array.from({ length: 100 }, () => make({ inputs: ['same'] })));
    assert.equal(new Set(some.map(({ id }) => id)).size, 100);
    const { body } = await control.post('/v1/mixes', { inputs: ['same'] });
    assert.equal(body.error.name, 'MIX_QUOTA_EXCEEDED');
  });

  it('leave no lease of a program behind', async (t) => {
    const { control, make } = await begin(t);
    const held = new Set<string>();
    await control.bus.member().bus.watch(leases.program(''), (key, value) => {
      if (value) held.add(key);
      else held.delete(key);
    });
    await control.post<Channel>('/v1/channels', { name: 'x', stream: 'show', pushAuth: 'open' });
    await control.mixer('mixer-0');
    const mix = await make({ inputs: ['show'], output: { channels: ['show'] } });
    await until(() => held.has('program/show'));
    await control.delete(`/v1/mixes/${mix.id}`);
    await until(() => held.size === 0);
  });
});
