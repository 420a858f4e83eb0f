import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { ErrorBody } from '@lianmai/contract';
import type { Channel, LiveChannel, Mix, Session } from '@lianmai/contract/rest';
import { describeStores } from '../../store/testing/stores.ts';
import type { FakeMixer } from '../testing/fake-mixer.ts';
import type { FakeWorker } from '../testing/fake-worker.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

type Answered = Mix & ErrorBody;

describeStores('mixes over REST', (open) => {
  let control: TestControl;
  let mixer: FakeMixer;
  let worker: FakeWorker;
  before(async () => {
    control = await TestControl.start({ store: await open() });
    mixer = await control.mixer('mixer-0');
    worker = await control.worker('w1');
  });
  after(() => control.close());

  const make = async (body: object) => {
    const answer = await control.post<Answered>('/v1/mixes', body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  };
  const look = async (id: string) => (await control.get<Answered>(`/v1/mixes/${id}`)).body;
  const channel = async (stream: string, more = {}) =>
    (await control.post<Channel>('/v1/channels', { name: stream, stream, pushAuth: 'open', ...more })).body;
  const lookAt = async ({ id }: Channel) => (await control.get<Channel>(`/v1/channels/${id}`)).body;
  const appKey = async (accountId = 'default') => {
    const app = (await control.post<{ id: string }>('/v1/apps', { accountId, name: 'x' })).body;
    const made = await control.post<{ key: string }>(`/v1/apps/${app.id}/api-keys`, { name: 'k' });
    return { appId: app.id, key: made.body.key };
  };

  it('are made of two names, and tell where to play', async () => {
    const mix = await make({ inputs: ['anna', 'bert'] });
    assert.deepEqual([mix.state, mix.version, mix.layout, mix.channels], ['running', 1, 'grid', []]);
    assert.match(mix.stream, /^mix-[a-z0-9]{16}$/);
    assert.equal(mix.play.flv, `http://live.test:8080/live/${mix.stream}.flv`);
    assert.deepEqual(
      mix.inputs.map(({ id, stream, status }) => [id, stream, status?.state]),
      [
        ['anna', 'anna', 'waiting'],
        ['bert', 'bert', 'waiting'],
      ],
    );
    const watched = (await control.get<LiveChannel>(`/v1/live/${mix.stream}`, { key: null })).body;
    assert.deepEqual([watched.state, watched.play.flv], ['live', mix.play.flv]);
    const job = mixer.job(mix.id);
    assert.deepEqual([job.version, job.stream, job.kind, job.programs], [1, mix.stream, 'mix', []]);
    assert.deepEqual([job.channelId, job.accountId, job.play], [mix.id, 'default', { signedWith: null }]);
    const list = await control.get<{ items: Mix[] }>('/v1/mixes');
    assert.ok(list.body.items.some(({ id }) => id === mix.id));
    assert.equal((await control.delete(`/v1/mixes/${mix.id}`)).status, 204);
    assert.ok(!mixer.jobs.has(mix.id));
    assert.equal((await control.get<ErrorBody>(`/v1/mixes/${mix.id}`)).body.error.name, 'MIX_NOT_FOUND');
    assert.equal((await control.delete(`/v1/mixes/${mix.id}`)).status, 404);
  });

  it('tell how they go', async () => {
    const mix = await make({ inputs: [{ stream: 'anna', mixMinus: true }], output: { stream: 'talk' } });
    const [input] = mix.inputs;
    assert.equal(input?.minus?.stream, 'talk.minus-anna');
    assert.equal(input?.minus?.play.flv, 'http://live.test:8080/live/talk.minus-anna.flv');
    const status = {
      id: 'anna',
      state: 'live',
      delayMs: 60,
      bufferMs: 40,
      width: 640,
      height: 360,
      fps: 25,
      level: 0.5,
    } as const;
    mixer.report(mix.id, { fps: 24.9, lateFrames: 2, cpu: 0.25, inputs: [status] });
    const told = await until(async () => {
      const seen = await look(mix.id);
      return seen.status?.lateFrames === 2 ? seen : null;
    });
    assert.deepEqual([told.status?.mixer, told.status?.fps, told.status?.cpu], ['mixer-0', 24.9, 0.25]);
    const { id: _, ...rest } = status;
    assert.deepEqual(told.inputs[0]?.status, rest);
    mixer.report(mix.id, { state: 'failed', detail: 'the encoder does not open' });
    const failed = await until(async () => {
      const seen = await look(mix.id);
      return seen.state === 'failed' ? seen : null;
    });
    assert.equal(failed.detail, 'the encoder does not open');
    const preview = await control.get(`/v1/mixes/${mix.id}/preview.jpg`);
    assert.deepEqual([preview.headers['content-type'], preview.text], ['image/jpeg', `picture of ${mix.id}`]);
    await control.delete(`/v1/mixes/${mix.id}`);
  });

  it('change while they run: the mixer is told all of it, with a higher version', async () => {
    const mix = await make({ inputs: ['anna', 'bert'], layout: 'pk' });
    const change = async (body: object) => (await control.patch<Answered>(`/v1/mixes/${mix.id}`, body)).body;
    const grown = await change({ inputs: { add: [{ stream: 'carl', label: '卡尔' }] }, layout: 'grid' });
    assert.deepEqual([grown.version, grown.inputs.length, grown.layout], [2, 3, 'grid']);
    assert.equal(mixer.job(mix.id).inputs[2]?.label, '卡尔');
    assert.equal((await change({})).version, 2);
    await change({
      layout: [{ input: 'anna', x: 0, y: 0, width: 0.5, height: 1 }],
      output: { highlightSpeaker: true },
    });
    const { layout, version, canvas, output } = mixer.job(mix.id);
    assert.deepEqual(
      ['tiles' in layout && layout.tiles.length, version, canvas.highlightSpeaker, output.fps],
      [1, 3, true, 25],
    );
    await control.delete(`/v1/mixes/${mix.id}`);
  });

  it('never show themselves, however many mixes lie between', async () => {
    const one = await make({ inputs: ['anna', 'later'], output: { stream: 'first' } });
    const two = await make({ inputs: ['bert', { stream: 'first' }], output: { stream: 'second' } });
    const refused = async (method: 'post' | 'patch', path: string, body: object) => {
      const { status, body: answer } = await control[method]<Answered>(path, body);
      return [status, answer.error.field, answer.error.message] as const;
    };
    const [status, field, message] = await refused('patch', `/v1/mixes/${one.id}`, { inputs: ['anna', 'second'] });
    assert.deepEqual([status, field], [400, 'inputs/1/stream']);
    assert.match(message, /this is "second", which takes "first", which is this mix/);
    const minus = await refused('patch', `/v1/mixes/${one.id}`, { inputs: { add: ['second.minus-bert'] } });
    assert.deepEqual(minus.slice(0, 2), [400, 'inputs/2/stream']);
    // The first takes it already, though nobody makes it yet.
    const closing = await refused('post', '/v1/mixes', { inputs: ['second'], output: { stream: 'later' } });
    assert.deepEqual(closing.slice(0, 2), [400, 'inputs/0/stream']);
    const three = await make({ inputs: ['first', 'second'] });
    for (const { id } of [one, two, three]) await control.delete(`/v1/mixes/${id}`);
  });

  it('say which field is wrong', async () => {
    const tile = { input: 0, x: 0, y: 0, width: 1, height: 1 };
    const table: [object, string][] = [
      [{}, 'inputs'],
      [{ inputs: [] }, 'inputs'],
      [{ inputs: Array.from({ length: 17 }, (_, i) => `s${i}`) }, 'inputs'],
      [{ inputs: ['..'] }, 'inputs/0'],
      [{ inputs: ['a', { stream: 'b', volum: 2 }] }, 'inputs/1/volum'],
      [{ inputs: ['a', { stream: 'b', volume: 5 }] }, 'inputs/1/volume'],
      [{ inputs: ['a', { stream: 'b', label: 'x'.repeat(65) }] }, 'inputs/1/label'],
      [{ inputs: [{ color: 'red' }] }, 'inputs/0/color'],
      [{ inputs: [{ picture: 'pic_1' }] }, 'inputs/0/picture'],
      [{ inputs: [{ picture: `pic_${'0'.repeat(40)}` }] }, 'inputs/0/picture'],
      [{ inputs: ['a'], layout: 'circle' }, 'layout'],
      [{ inputs: ['a'], layout: { template: 'circle' } }, 'layout/template'],
      [{ inputs: ['a'], layout: [tile, { ...tile, width: 'wide' }] }, 'layout/1/width'],
      [{ inputs: ['a'], layout: [{ ...tile, width: 0 }] }, 'layout/0/width'],
      [{ inputs: ['a'], layout: [{ ...tile, x: -1 }] }, 'layout/0/x'],
      [{ inputs: ['a'], layout: [{ ...tile, layer: 17 }] }, 'layout/0/layer'],
      [{ inputs: ['a'], layout: [{ input: 0, x: 0, y: 0, width: 1 }] }, 'layout/0/height'],
      [{ inputs: ['a'], layout: { tiles: [{ ...tile, heigth: 1 }] } }, 'layout/tiles/0/heigth'],
      [{ inputs: ['a'], output: { width: 641 } }, 'output/width'],
      [{ inputs: ['a'], output: { fps: 0 } }, 'output/fps'],
      [{ inputs: ['a'], output: { preset: 'fast' } }, 'output/preset'],
      [
        { inputs: ['a'], output: { watermark: { picture: `pic_${'0'.repeat(40)}`, x: 0, y: 0, width: 10 } } },
        'output/watermark/picture',
      ],
      [{ inputs: ['a'], output: { backgroundPicture: `pic_${'0'.repeat(40)}` } }, 'output/backgroundPicture'],
      [{ inputs: ['a'], output: { stream: 'a' } }, 'output/stream'],
      [{ inputs: ['a', 'b.minus-a'], output: { stream: 'b' } }, 'inputs/1/stream'],
      [{ inputs: [{ stream: 'a', mixMinus: true }], output: { stream: 'b'.repeat(125) } }, 'inputs/0/id'],
    ];
    for (const [body, field] of table) {
      const answer = await control.post('/v1/mixes', body);
      assert.deepEqual([answer.status, answer.body.error?.field], [400, field], JSON.stringify([body, answer.body]));
    }
    const { body } = await control.post('/v1/mixes', { inputs: ['a'], output: { channels: ['nobodys'] } });
    assert.deepEqual([body.error.name, body.error.field], ['CHANNEL_NOT_FOUND', 'output/channels/0']);
    await channel('taken');
    await make({ inputs: ['x'], output: { stream: 'mine' } });
    for (const stream of ['mine', 'cf-talk-0123456789'])
      assert.equal(
        (await control.post('/v1/mixes', { inputs: ['y'], output: { stream } })).body.error.name,
        'CONFLICT',
      );
    assert.equal((await control.post('/v1/channels', { name: 'x', stream: 'mine' })).body.error.name, 'CONFLICT');
  });

  it('are the program of a channel named by its stream, which shows what its viewers get', async () => {
    const show = await channel('show');
    await worker.publish('show', '');
    const mix = await make({ inputs: ['show', 'guest'], layout: 'cohost', output: { stream: 'show' } });
    assert.notEqual(mix.stream, 'show');
    assert.deepEqual(mix.channels, [{ id: show.id, stream: 'show', showing: true }]);
    const [program] = mixer.job(mix.id).programs;
    assert.deepEqual([program?.stream, program?.channelId, program?.play], ['show', show.id, { signedWith: null }]);
    const seen = await lookAt(show);
    assert.deepEqual(
      [seen.state, seen.source, seen.program.source, seen.program.mixId],
      ['live', 'mix', 'mix', mix.id],
    );

    // Of viewers the media workers tell, of the picture the mixer.
    const { job } = { job: mixer.job(mix.id) };
    const grant = { sessionId: `ses_${mix.id}`, channelId: mix.id, accountId: job.accountId, play: job.play };
    const video = { codec: 'h264', width: 1280, height: 720, fps: 25, bitrateKbps: 1500, gopMs: 2000 } as const;
    const fromMixer = await control.worker('mixer-as-worker');
    fromMixer.report(mix.stream, grant, true, { video });
    worker.report('show', { ...grant, channelId: show.id, sessionId: 'other' }, false, { viewers: { flv: 3 } });
    const measured = await until(async () => {
      const now = await lookAt(show);
      return now.viewers === 3 && now.video ? now : null;
    });
    assert.deepEqual([measured.video?.width, measured.bitrateKbps], [1280, 1500]);

    // The publisher goes; the mix goes on.
    await worker.end('show', 'unpublished');
    await until(async () => (await lookAt(show)).protocol === 'internal');
    const alone = await lookAt(show);
    assert.deepEqual([alone.state, alone.source, alone.viewers], ['live', 'mix', 3]);
    const watched = (await control.get<LiveChannel>('/v1/live/show', { key: null })).body;
    assert.deepEqual([watched.state, watched.viewers], ['live', 3]);
    const listed = (await control.get<{ items: LiveChannel[] }>('/v1/live', { key: null })).body;
    assert.ok(listed.items.some(({ stream }) => stream === 'show'));
    assert.ok(!listed.items.some(({ stream }) => stream === mix.stream));

    await control.delete(`/v1/mixes/${mix.id}`);
    const after = await lookAt(show);
    assert.deepEqual([after.state, after.program], ['idle', { source: 'direct', mixId: null, picture: null }]);
    const sessions = (await control.get<{ items: Session[] }>(`/v1/channels/${show.id}/sessions`)).body.items;
    assert.deepEqual(
      sessions.map(({ protocol }) => protocol),
      ['rtmp'],
    );
  });

  it('may be the program of several channels, and of others later', async () => {
    const [left, right] = [await channel('left'), await channel('right')];
    const mix = await make({ inputs: ['left', 'right'], layout: 'pk', output: { channels: ['left', right.id] } });
    assert.deepEqual(
      mixer
        .job(mix.id)
        .programs.map(({ stream }) => stream)
        .sort(),
      ['left', 'right'],
    );
    const other = await make({ inputs: ['left', 'x'], output: { channelId: left.id } });
    await until(
      () =>
        mixer
          .job(mix.id)
          .programs.map(({ stream }) => stream)
          .join() === 'right',
    );
    assert.equal((await lookAt(left)).program.mixId, other.id);
    await control.patch(`/v1/mixes/${mix.id}`, { output: { channels: [] } });
    assert.deepEqual([mixer.job(mix.id).programs, (await lookAt(right)).program.source], [[], 'direct']);
    const kept = (await control.patch<Answered>(`/v1/mixes/${mix.id}`, { output: { stream: mix.stream, fps: 20 } }))
      .body;
    assert.equal(kept.output.fps, 20);
    const renamed = await control.patch(`/v1/mixes/${mix.id}`, { output: { stream: 'another' } });
    assert.equal(renamed.body.error.field, 'output/stream');
    for (const { id } of [mix, other]) await control.delete(`/v1/mixes/${id}`);
  });

  it('of equal composition go to one mixer', async () => {
    const second = await control.mixer('mixer-1');
    const busy = await make({ inputs: ['q'] });
    const twins = [await make({ inputs: ['l', 'r'], layout: 'pk' }), await make({ inputs: ['l', 'r'], layout: 'pk' })];
    const places = twins.map(({ status }) => status?.mixer);
    assert.equal(places[0], places[1]);
    assert.ok(busy.status);
    for (const { id } of [busy, ...twins]) await control.delete(`/v1/mixes/${id}`);
    second.kill();
  });

  it('are refused with what to do when there is no room for them', async () => {
    const large = { inputs: ['a', 'b'], output: { width: 1920, height: 1080, fps: 60 } };
    const { status, body } = await control.post<Answered>('/v1/mixes', large);
    assert.deepEqual([status, body.error.name], [503, 'MIXER_FULL']);
    assert.match(body.error.message, /needs about .* end another mix, or ask for less/);
    const small = await make({ inputs: ['a', 'b'] });
    const grown = await control.patch(`/v1/mixes/${small.id}`, { output: large.output });
    assert.equal(grown.body.error.name, 'MIXER_FULL');
    assert.equal((await look(small.id)).output.width, 1280);
    await control.delete(`/v1/mixes/${small.id}`);
  });

  it('of an app take what is its account’s or nobody’s, and are seen by it alone', async () => {
    const other = (await control.post<{ id: string }>('/v1/accounts', { name: 'Other' })).body;
    const [own, foreign] = [await appKey(), await appKey(other.id)];
    const ours = await channel('ours');
    const refused = async (body: object, key: string) => (await control.post('/v1/mixes', body, { key })).body.error;
    const input = await refused({ inputs: ['x', 'ours'] }, foreign.key);
    assert.deepEqual([input.name, input.field], ['FORBIDDEN', 'inputs/1/stream']);
    assert.equal(
      (await refused({ inputs: ['x'], output: { channelId: ours.id } }, foreign.key)).name,
      'CHANNEL_NOT_FOUND',
    );
    assert.equal((await refused({ inputs: ['x'], output: { stream: 'ours' } }, foreign.key)).name, 'CONFLICT');
    const made = await control.post<Answered>('/v1/mixes', { inputs: ['ours', 'later'] }, { key: own.key });
    assert.deepEqual([made.status, made.body.appId], [201, own.appId]);
    const path = `/v1/mixes/${made.body.id}`;
    assert.equal((await control.get(path, { key: foreign.key })).status, 404);
    assert.equal((await control.patch(path, {}, { key: foreign.key })).status, 404);
    assert.equal((await control.delete(path, { key: foreign.key })).status, 404);
    // A name that was nobody's becomes another account's: it is not to be seen in this mix.
    const later = await control.post('/v1/channels', { name: 'l', stream: 'later' }, { key: foreign.key });
    assert.equal(later.status, 201);
    await control.patch(path, { layout: 'pk' }, { key: own.key }).then(({ status }) => assert.equal(status, 403));
    await control.patch(`/v1/channels/${ours.id}`, { name: 'again' });
    await until(() => !JSON.stringify(mixer.job(made.body.id)).includes('later"}'));
    assert.deepEqual(mixer.job(made.body.id).inputs[1]?.source, { color: '#000000' });
    await control.delete(path);
  });

  it('follow what is allowed: a suspended account, play keys, signed channels', async () => {
    const account = (await control.post<{ id: string }>('/v1/accounts', { name: 'Third' })).body;
    const { appId, key } = await appKey(account.id);
    const signed = await channel('signed', { appId, playAuth: 'signed' });
    const mix = (
      await control.post<Answered>('/v1/mixes', { inputs: ['signed'], output: { channels: ['signed'] } }, { key })
    ).body;
    assert.match(mix.play.flv, /txSecret=/);
    const keys = mixer.job(mix.id).play.signedWith;
    assert.ok(keys?.length === 1 && mixer.job(mix.id).programs[0]?.play.signedWith?.[0] === keys[0]);
    await control.post(`/v1/apps/${appId}/play-keys/rotate`);
    await until(() => mixer.job(mix.id).play.signedWith?.length === 2);
    await until(() => worker.policies.some(({ stream, play }) => stream === 'signed' && play.signedWith?.length === 2));
    await control.patch(`/v1/accounts/${account.id}`, { status: 'suspended' });
    await until(() => !mixer.jobs.has(mix.id));
    assert.equal((await control.get<Answered>(`/v1/mixes/${mix.id}`, { key })).body.state, 'suspended');
    assert.equal((await control.post('/v1/mixes', { inputs: ['x'] }, { key })).body.error.name, 'ACCOUNT_SUSPENDED');
    await control.patch(`/v1/accounts/${account.id}`, { status: 'active' });
    await until(() => mixer.jobs.has(mix.id));
    await control.delete(`/v1/channels/${signed.id}`);
    await until(() => mixer.job(mix.id).programs.length === 0);
    await control.delete(`/v1/mixes/${mix.id}`);
  });
});
