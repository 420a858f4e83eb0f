import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { PictureId } from '@lianmai/contract';
import type { Channel, Mix } from '@lianmai/contract/rest';
import { describeStores } from '../../store/testing/stores.ts';
import { insertPicture } from '../picture/store.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

const GRACE_MS = 50;
const LOGO: PictureId = `pic_${'0a'.repeat(20)}`;
const CLOUDS: PictureId = `pic_${'0b'.repeat(20)}`;

describeStores('what viewers of a channel get', (open) => {
  async function begin(t: { after(end: () => Promise<void>): void }) {
    const store = await open();
    const clock = { ms: Date.now() };
    const control = await TestControl.start({
      store,
      settings: { publishGraceMs: GRACE_MS },
      now: () => clock.ms,
    });
    t.after(() => control.close());
    for (const [id, width, height] of [
      [LOGO, 2560, 1440],
      [CLOUDS, 641, 361],
    ] as const)
      await insertPicture(store.db, {
        id,
        appId: 'default',
        accountId: 'default',
        type: 'image/png',
        width,
        height,
        bytes: 1,
        createdAt: 1,
      });
    const mixer = await control.mixer('mixer-0');
    const worker = await control.worker('w1');
    const channel = async (more = {}) =>
      (await control.post<Channel>('/v1/channels', { name: 'x', stream: 'show', pushAuth: 'open', ...more })).body;
    const look = async ({ id }: Channel) => (await control.get<Channel>(`/v1/channels/${id}`)).body;
    const set = ({ id }: Channel, body: object) => control.call<Channel>('PUT', `/v1/channels/${id}/program`, body);
    const whenSource = (of: Channel, source: Channel['source']) =>
      until(async () => {
        const seen = await look(of);
        return seen.source === source ? seen : null;
      });
    return { control, clock, store, mixer, worker, channel, look, set, whenSource };
  }

  it('goes from its own stream to a mix, to a picture and back, as it is told', async (t) => {
    const { control, mixer, worker, channel, look, set, whenSource } = await begin(t);
    const show = await channel();
    await worker.publish('show', '');
    await whenSource(show, 'direct');
    const mix = (await control.post<Mix>('/v1/mixes', { inputs: ['show', 'b'] })).body;
    const mixed = await set(show, { source: 'mix', mixId: mix.id });
    assert.deepEqual(mixed.body.program, { source: 'mix', mixId: mix.id, picture: null });
    await whenSource(show, 'mix');

    const pictured = await set(show, { source: 'picture', picture: LOGO });
    assert.deepEqual(pictured.body.program, { source: 'picture', mixId: null, picture: LOGO });
    await whenSource(show, 'picture');
    const [job] = [...mixer.jobs.values()].filter(({ kind }) => kind === 'picture');
    assert.deepEqual(job?.inputs[0]?.source, { picture: LOGO });
    assert.deepEqual([job?.canvas.width, job?.canvas.height, job?.output.fps], [1280, 720, 10]);
    await until(() => mixer.job(mix.id).programs.length === 0);
    const listed = (await control.get<{ items: Mix[] }>('/v1/mixes')).body.items;
    assert.deepEqual(
      listed.map(({ id }) => id),
      [mix.id],
    );
    assert.equal((await control.get(`/v1/mixes/${job?.id}`)).status, 404);

    await set(show, { source: 'picture', picture: CLOUDS });
    assert.deepEqual(mixer.job(job?.id ?? '').canvas.width, 642);
    await set(show, { source: 'direct' });
    await whenSource(show, 'direct');
    await until(() => mixer.jobs.size === 1);
    // A picture is shown whether somebody publishes or not.
    await worker.end('show', 'unpublished');
    await until(async () => (await look(show)).state === 'idle');
    await set(show, { source: 'picture', picture: LOGO });
    assert.equal((await whenSource(show, 'picture')).state, 'live');
    await control.delete(`/v1/channels/${show.id}`);
    await until(() => mixer.jobs.size === 1);
  });

  it('is refused where it cannot be', async (t) => {
    const { control, channel, set } = await begin(t);
    const show = await channel();
    const table: [object, number, string, string | undefined][] = [
      [{}, 400, 'BAD_REQUEST', 'source'],
      [{ source: 'mix' }, 400, 'BAD_REQUEST', 'mixId'],
      [{ source: 'mix', mixId: 'mix_nobodys' }, 404, 'MIX_NOT_FOUND', undefined],
      [{ source: 'picture' }, 400, 'BAD_REQUEST', 'picture'],
      [{ source: 'picture', picture: `pic_${'0'.repeat(40)}` }, 400, 'BAD_REQUEST', 'picture'],
    ];
    for (const [body, status, name, field] of table) {
      const answer = (await set(show, body)) as unknown as {
        status: number;
        body: { error: { name: string; field?: string } };
      };
      assert.deepEqual([answer.status, answer.body.error.name, answer.body.error.field], [status, name, field]);
    }
    const missing = await control.call<{ error: { name: string } }>('PUT', '/v1/channels/ch_0/program', {
      source: 'direct',
    });
    assert.equal(missing.body.error.name, 'CHANNEL_NOT_FOUND');
    const change = await control.patch(`/v1/channels/${show.id}`, { fallbackPicture: `pic_${'0'.repeat(40)}` });
    assert.deepEqual([change.status, change.body.error.field], [400, 'fallbackPicture']);
  });

  it('is the fallback picture while the publisher is gone, until it is back', async (t) => {
    const { mixer, worker, channel, whenSource } = await begin(t);
    const show = await channel({ fallbackPicture: LOGO });
    assert.equal(show.fallbackPicture, LOGO);
    const grant = await worker.publish('show', '');
    await whenSource(show, 'direct');
    assert.equal(mixer.jobs.size, 0);
    await worker.vanish('show');
    const away = await whenSource(show, 'picture');
    assert.deepEqual([away.state, away.program.source], ['live', 'direct']);
    await worker.take('show', { ...grant, worker: 'w1', protocol: 'rtmp', startedAtMs: Date.now() });
    await whenSource(show, 'direct');
    await until(() => mixer.jobs.size === 0);
    await worker.end('show', 'unpublished');
    await whenSource(show, undefined);
    assert.equal(mixer.jobs.size, 0);
  });

  it('is the fallback picture for an hour, through restarts, and not any longer', async (t) => {
    const { control, clock, mixer, worker, channel, look, whenSource } = await begin(t);
    const show = await channel({ fallbackPicture: LOGO });
    await worker.publish('show', '');
    await whenSource(show, 'direct');
    await worker.vanish('show');
    await whenSource(show, 'picture');
    // The grace is over: the show ended, and the picture stays.
    await until(async () => (await look(show)).protocol === 'internal');
    await control.stop();
    clock.ms += 1_800_000;
    await control.startAgain();
    await whenSource(show, 'picture');
    clock.ms += 1_800_001;
    await control.stop();
    await control.startAgain();
    await whenSource(show, undefined);
    assert.equal(mixer.jobs.size, 0);
  });

  it('is the picture of whoever went away while control was, and none when it came back meanwhile', async (t) => {
    const { control, mixer, worker, channel, whenSource } = await begin(t);
    const show = await channel({ fallbackPicture: LOGO });
    const grant = await worker.publish('show', '');
    await whenSource(show, 'direct');
    await control.stop();
    await worker.vanish('show');
    await control.startAgain();
    await whenSource(show, 'picture');
    await control.stop();
    await worker.take('show', { ...grant, worker: 'w1', protocol: 'rtmp', startedAtMs: Date.now() });
    await control.startAgain();
    await whenSource(show, 'direct');
    await until(() => mixer.jobs.size === 0);
  });

  it('is the mix, not the fallback picture, when the publisher of a mixed channel goes', async (t) => {
    const { control, worker, mixer, channel, look, whenSource } = await begin(t);
    const show = await channel({ fallbackPicture: LOGO });
    await worker.publish('show', '');
    const mix = (await control.post<Mix>('/v1/mixes', { inputs: ['show', 'b'], output: { stream: 'show' } })).body;
    await whenSource(show, 'mix');
    await worker.vanish('show');
    await until(async () => (await look(show)).protocol === 'internal');
    assert.deepEqual([...mixer.jobs.keys()], [mix.id]);
    // And when the mix ends too, the picture.
    await control.delete(`/v1/mixes/${mix.id}`);
    await whenSource(show, 'picture');
    await control.patch(`/v1/channels/${show.id}`, { fallbackPicture: null });
    await until(() => mixer.jobs.size === 0);
  });
});
