import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ErrorBody, leases, type Program, type RoomEvent } from '@lianmai/contract';
import type { App, Channel, IssuedToken, Room, RoomPulse } from '@lianmai/contract/rest';
import { describeStores } from '../../store/testing/stores.ts';
import type { FakeWorker } from '../testing/fake-worker.ts';
import { OPERATOR_KEY, TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

const NOBODY = { key: null };
const HOUR_MS = 3_600_000;
const queryOf = (url = '') => url.split('?')[1] ?? '';
type Page = { items: Room[]; nextCursor: string | null };

/** The calls of anchors and viewers, on one control. */
class Stage {
  readonly control: TestControl;
  readonly worker: FakeWorker;
  readonly events: RoomEvent[] = [];

  constructor(control: TestControl, worker: FakeWorker) {
    this.control = control;
    this.worker = worker;
    control.bus.member().bus.subscribe('room.event', (event) => this.events.push(event));
  }

  static async begin(options: Parameters<typeof TestControl.start>[0]): Promise<Stage> {
    const control = await TestControl.start(options);
    return new Stage(control, await control.worker('w1'));
  }

  close = () => this.control.close();

  /** A user's token. */
  async user(userId: string, key = OPERATOR_KEY): Promise<string> {
    const { body } = await this.control.post<IssuedToken>(
      '/v1/users/token',
      { userId, nickname: `Nick of ${userId}` },
      { key },
    );
    return body.token;
  }
  tryOpen = (token: string, body: object = {}) =>
    this.control.post<Room & ErrorBody>('/v1/rooms', { title: 'Songs', ...body }, { key: token });
  async open(token: string, body: object = {}): Promise<Room> {
    const answer = await this.tryOpen(token, body);
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  }
  get = (id: string, key: string | null = null) => this.control.get<Room & ErrorBody>(`/v1/rooms/${id}`, { key });
  async stateOf(id: string): Promise<string> {
    return (await this.get(id)).body.state;
  }
  list = async (query = '', key: string | null = null) =>
    (await this.control.get<Page & ErrorBody>(`/v1/rooms${query}`, { key })).body;
  ids = async (query = '', key: string | null = null) => (await this.list(query, key)).items.map(({ id }) => id);
  end = (id: string, key: string) => this.control.delete(`/v1/rooms/${id}`, { key });
  push = (room: Room) => this.worker.publish(room.channel.stream, queryOf(room.channel.push?.rtmp));
  async live(room: Room): Promise<Room> {
    await this.push(room);
    await until(async () => (await this.stateOf(room.id)) === 'live');
    return room;
  }
}

describeStores('rooms', (open) => {
  let stage: Stage;
  let clockMs = 0;
  const begin = async (t: { after(done: () => unknown): void }, start = open) => {
    clockMs = Date.now();
    stage = await Stage.begin({ store: await start(), now: () => clockMs });
    t.after(stage.close);
    return stage;
  };

  it('are opened by users, with signed addresses that only the anchor sees', async (t) => {
    await begin(t);
    const anna = await stage.user('anna');
    const room = await stage.open(anna, {
      title: ' Evening  songs ',
      cover: 'p_1',
      location: '杭州',
      tags: ['music', 'live "on" 100%'],
      settings: { slowModeSeconds: 5 },
    });
    assert.match(room.id, /^room_[0-9a-z]{16}$/);
    assert.deepEqual(room.anchor, { userId: 'anna', nickname: 'Nick of anna', avatar: null });
    assert.deepEqual(
      [room.title, room.cover, room.location, room.tags, room.mode, room.state, room.viewers, room.likes],
      ['Evening songs', '/v1/pictures/p_1', '杭州', ['music', 'live "on" 100%'], 'server-mix', 'preparing', 0, 0],
    );
    assert.deepEqual(room.settings, { slowModeSeconds: 5, muteAll: false, coHosting: true });
    assert.match(room.channel.push?.rtmp ?? '', /\?txSecret=[0-9a-f]{32}&txTime=/);
    const bert = await stage.user('bert');
    for (const key of [null, bert]) {
      const { body } = await stage.get(room.id, key);
      assert.equal(body.channel.push, undefined);
      assert.deepEqual(body.channel.play, room.channel.play);
    }
    for (const key of [anna, OPERATOR_KEY]) assert.ok((await stage.get(room.id, key)).body.channel.push);
    const me = await stage.control.get<{ room: string | null }>('/v1/users/me', { key: anna });
    assert.equal(me.body.room, room.id);
    for (const key of [null, OPERATOR_KEY])
      assert.ok([401, 403].includes((await stage.control.post('/v1/rooms', { title: 'x' }, { key })).status));
  });

  it('are live by what is pushed to them, interrupted when it breaks, and closed with a summary', async (t) => {
    await begin(t);
    const anna = await stage.user('anna');
    const room = await stage.open(anna);
    const grant = await stage.push(room);
    await until(async () => (await stage.stateOf(room.id)) === 'live');
    const since = clockMs;
    clockMs += 61_000;
    const beat = () => stage.control.post<RoomPulse & ErrorBody>(`/v1/rooms/${room.id}/heartbeat`, {}, { key: anna });
    assert.deepEqual((await beat()).body, { state: 'live', viewers: 0, likes: 0, onAirSeconds: 61 });
    await stage.worker.vanish(room.channel.stream);
    await until(async () => (await stage.stateOf(room.id)) === 'interrupted');
    await stage.worker.take(room.channel.stream, { ...grant, worker: 'w1', protocol: 'rtmp', startedAtMs: clockMs });
    await until(async () => (await stage.stateOf(room.id)) === 'live');
    assert.equal((await stage.end(room.id, anna)).status, 204);
    await until(() => stage.worker.disconnects.length === 1);
    assert.deepEqual(stage.worker.disconnects[0]?.error?.name, 'ROOM_CLOSED');
    const { body: closed } = await stage.get(room.id);
    assert.deepEqual(
      [closed.state, closed.closeReason, closed.liveSince],
      ['closed', 'anchor', new Date(since).toISOString()],
    );
    assert.deepEqual(closed.summary, { durationSeconds: 61, peakViewers: 0, totalViewers: 0, likes: 0 });
    assert.deepEqual([(await beat()).status, (await beat()).body.error.name], [410, 'ROOM_CLOSED']);
    assert.equal((await stage.end(room.id, anna)).status, 204, 'closing again changes nothing');
    assert.deepEqual(
      stage.events.map(({ type, reason }) => (reason ? `${type} ${reason}` : type)),
      ['opened', 'live', 'interrupted', 'live', 'closed anchor'],
    );
  });

  it('are one at a time for an anchor: one in preparation is taken over, one that was on air is named', async (t) => {
    await begin(t);
    const anna = await stage.user('anna');
    const room = await stage.open(anna);
    const again = await stage.tryOpen(anna, { title: 'Other songs' });
    assert.deepEqual([again.status, again.body.id, again.body.title], [200, room.id, 'Other songs']);
    await stage.live(room);
    const third = await stage.tryOpen(anna);
    assert.deepEqual([third.status, third.body.error.name], [409, 'ROOM_ALREADY_OPEN']);
    assert.ok(third.body.error.message.includes(room.id));
    await stage.end(room.id, anna);
    const both = await Promise.all([1, 2, 3].map(() => stage.tryOpen(anna)));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 200, 201]);
    assert.equal(new Set(both.map(({ body }) => body.id)).size, 1);
  });

  it('leave their channel behind for an hour: pushing takes an open room, the next room has the same addresses', async (t) => {
    await begin(t);
    const anna = await stage.user('anna');
    const first = await stage.open(anna);
    await stage.end(first.id, anna);
    await assert.rejects(stage.push(first), { name: 'ROOM_CLOSED' });
    clockMs += HOUR_MS - 1;
    const second = await stage.open(anna);
    assert.notEqual(second.id, first.id);
    assert.deepEqual([second.channel.id, second.channel.stream], [first.channel.id, first.channel.stream]);
    await stage.push(first);
    await stage.end(second.id, anna);
    clockMs += HOUR_MS;
    await stage.control.stop();
    await stage.control.startAgain();
    const third = await stage.open(anna);
    assert.notEqual(third.channel.stream, first.channel.stream);
    await assert.rejects(stage.push(first), { name: 'CHANNEL_NOT_FOUND' });
  });

  it('are found: on air first, newest or most watched, by words, by tag, page by page', async (t) => {
    await begin(t);
    const rooms: Room[] = [];
    for (const [name, title, tags] of [
      ['a', 'Cooking 100% 川菜', ['food']],
      ['b', 'Ｇuitar and SONG', ['music']],
      ['c', 'Talk', ['music', 'talk']],
      ['d', 'Silence', []],
    ] as const) {
      clockMs += 1000;
      rooms.push(await stage.open(await stage.user(name), { title, tags }));
    }
    const [a, b, c, d] = rooms.map(({ id }) => id);
    for (const room of [rooms[0], rooms[1]]) if (room) await stage.live(room);
    assert.deepEqual(await stage.ids(), [b, a, d, c]);
    assert.deepEqual(await stage.ids('?state=live'), [b, a]);
    assert.deepEqual(await stage.ids('?state=preparing'), [d, c]);
    for (const [words, found] of [
      ['guitar', [b]],
      ['sOnG', [b]],
      ['川菜', [a]],
      ['0% ', [a]],
      ['%', [a]],
      ['_', []],
      ['nick of c', [c]],
      ["'; drop table room; --", []],
    ] as const)
      assert.deepEqual(await stage.ids(`?search=${encodeURIComponent(words)}`), found, words);
    assert.deepEqual(await stage.ids('?tag=music'), [b, c]);
    assert.deepEqual(await stage.ids('?tag=mus'), []);
    assert.deepEqual(await stage.ids('?anchorId=d'), [d]);
    assert.deepEqual(await stage.ids(`?stream=${rooms[2]?.channel.stream}`), [c]);
    assert.deepEqual(await stage.ids('?stream=nobody-s'), []);
    for (const sort of ['newest', 'viewers']) {
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: Page = await stage.list(`?sort=${sort}&limit=1${cursor && `&cursor=${cursor}`}`);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      assert.deepEqual(seen, await stage.ids(`?sort=${sort}`));
      assert.equal(seen.length, 4);
    }
    assert.equal((await stage.control.get('/v1/rooms?cursor=zzz', NOBODY)).status, 400);
  });

  it('that are closed are listed to their anchor and to keys only', async (t) => {
    await begin(t);
    const [anna, bert] = [await stage.user('anna'), await stage.user('bert')];
    const room = await stage.open(anna);
    await stage.end(room.id, anna);
    assert.deepEqual(await stage.ids(), []);
    assert.deepEqual(await stage.ids('?state=closed&anchorId=anna', anna), [room.id]);
    assert.deepEqual(await stage.ids('?state=all', OPERATOR_KEY), [room.id]);
    for (const [query, key] of [
      ['?state=closed', null],
      ['?state=all', anna],
      ['?state=all&anchorId=anna', bert],
    ] as const)
      assert.equal((await stage.control.get(`/v1/rooms${query}`, { key })).status, 403);
    assert.equal((await stage.get(room.id)).body.state, 'closed');
    clockMs += 91 * 24 * HOUR_MS;
    await stage.control.stop();
    await stage.control.startAgain();
    assert.equal((await stage.get(room.id)).body.error.name, 'ROOM_NOT_FOUND');
  });

  it('are changed by anchor, app and operator, by nobody else', async (t) => {
    await begin(t);
    const [anna, bert] = [await stage.user('anna'), await stage.user('bert')];
    const room = await stage.open(anna, { tags: ['one'] });
    const change = (body: object, key: string | null) =>
      stage.control.patch<Room & ErrorBody>(`/v1/rooms/${room.id}`, body, { key });
    const changed = await change({ title: 'New', settings: { muteAll: true }, location: null }, anna);
    assert.deepEqual(
      [changed.body.title, changed.body.tags, changed.body.settings],
      ['New', ['one'], { slowModeSeconds: 0, muteAll: true, coHosting: true }],
    );
    assert.equal((await change({ cover: 'https://example.org/c.jpg', tags: [] }, OPERATOR_KEY)).status, 200);
    assert.deepEqual(await stage.ids('?search=new'), [room.id]);
    const app = (await stage.control.post<App>('/v1/apps', { accountId: 'default', name: 'other' })).body;
    const { body: key } = await stage.control.post<{ key: string }>(`/v1/apps/${app.id}/api-keys`, { name: 'k' });
    const namesake = await stage.user('anna', key.key);
    for (const other of [bert, namesake, key.key]) {
      assert.equal((await change({ title: 'Mine' }, other)).status, 403);
      assert.equal((await stage.end(room.id, other)).status, 403);
      assert.ok((await stage.control.post(`/v1/rooms/${room.id}/heartbeat`, {}, { key: other })).status === 403);
      assert.equal(
        (await stage.control.post(`/v1/rooms/${room.id}/custom`, { op: 'INC', key: 'a' }, { key: other })).status,
        403,
      );
    }
    assert.equal((await change({ title: 'Nobody' }, null)).status, 401);
    assert.equal((await stage.end(room.id, OPERATOR_KEY)).status, 204);
    assert.equal((await stage.get(room.id)).body.closeReason, 'operator');
    assert.equal((await change({ title: 'Late' }, anna)).body.error.name, 'ROOM_CLOSED');
    assert.deepEqual(await stage.ids(`?appId=${app.id}`), []);
    assert.deepEqual(await stage.ids('', namesake), []);
  });

  it('count in fields of their own, also when many count at once', async (t) => {
    await begin(t);
    const anna = await stage.user('anna');
    const room = await stage.open(anna);
    const custom = (body: object) =>
      stage.control.post<{ custom: object } & ErrorBody>(`/v1/rooms/${room.id}/custom`, body, { key: anna });
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => custom({ op: n % 3 ? 'INC' : 'DEC', key: 'score', value: n })),
    );
    const total = Array.from({ length: 30 }, (_, n) => (n % 3 ? n : -n)).reduce((sum, n) => sum + n, 0);
    assert.deepEqual((await stage.get(room.id)).body.custom, { score: total });
    assert.deepEqual((await custom({ op: 'SET', key: 'mood', value: '<b>' })).body.custom, {
      score: total,
      mood: '<b>',
    });
    for (const bad of [
      { op: 'MUL', key: 'score' },
      { op: 'INC', key: 'two words' },
      { op: 'INC', key: 'score', value: 1.5 },
      { op: 'SET', key: 'mood', value: 'x'.repeat(1025) },
      { op: 'SET', key: 'mood', value: {} },
      { op: 'INC', key: 'mood' },
    ])
      assert.equal((await custom(bad)).status, 400, JSON.stringify(bad));
  });

  it('are as many as the app has places, and their channels take none of the account', async (t) => {
    await begin(t);
    await stage.control.patch('/v1/apps/default', { roomQuota: 2 });
    await stage.control.patch('/v1/accounts/default', { channelQuota: 1 });
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map((name) => stage.user(name)));
    const answers = await Promise.all(tokens.map((token) => stage.tryOpen(token)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 403, 403]);
    const refused = answers.find(({ status }) => status === 403);
    assert.equal(refused?.body.error.name, 'ROOM_QUOTA_EXCEEDED');
    const { body: account } = await stage.control.get<{ channels: number }>('/v1/accounts/default');
    assert.equal(account.channels, 1, 'only the ready channel');
    const channels = async (query = '') =>
      (await stage.control.get<{ items: Channel[] }>(`/v1/channels${query}`)).body.items.length;
    assert.deepEqual([await channels(), await channels('?rooms=true')], [1, 2]);
    const opened = answers.findIndex(({ status }) => status === 201);
    await stage.end(answers[opened]?.body.id ?? '', OPERATOR_KEY);
    const waiting = answers.findIndex(({ status }) => status === 403);
    assert.equal((await stage.tryOpen(tokens[waiting] ?? '')).status, 201);
  });

  it('close when their account is suspended, or their channel deleted', async (t) => {
    await begin(t);
    const [anna, bert] = [await stage.user('anna'), await stage.user('bert')];
    const [one, two] = [await stage.live(await stage.open(anna)), await stage.open(bert)];
    await stage.control.delete(`/v1/channels/${two.channel.id}`);
    await stage.control.patch('/v1/accounts/default', { status: 'suspended' });
    await until(async () => (await stage.stateOf(one.id)) === 'closed');
    await until(async () => (await stage.stateOf(two.id)) === 'closed');
    const reasons = [await stage.get(one.id), await stage.get(two.id)].map(({ body }) => body.closeReason);
    assert.deepEqual(reasons, ['account', 'operator']);
    await until(() => stage.worker.disconnects.length > 0);
    assert.equal((await stage.tryOpen(anna)).body.error.name, 'ACCOUNT_SUSPENDED');
    await stage.control.patch('/v1/accounts/default', { status: 'active' });
    assert.equal((await stage.tryOpen(bert)).status, 201);
  });

  it('survive control: nobody is late because it was away, and what is live stays live', async (t) => {
    await begin(t);
    const [anna, bert, carl] = [await stage.user('anna'), await stage.user('bert'), await stage.user('carl')];
    const [live, waiting, over] = [
      await stage.live(await stage.open(anna)),
      await stage.open(bert),
      await stage.open(carl),
    ];
    const third = await stage.live(over);
    await stage.control.stop();
    await stage.worker.vanish(third.channel.stream);
    clockMs += 10 * 60_000;
    await stage.control.startAgain();
    assert.equal(await stage.stateOf(live.id), 'live');
    assert.equal(await stage.stateOf(waiting.id), 'preparing');
    assert.equal(await stage.stateOf(over.id), 'interrupted');
    clockMs += 89_000;
    assert.equal(await stage.stateOf(waiting.id), 'preparing');
    clockMs += 2000;
    for (const room of [waiting, over]) {
      await until(async () => (await stage.stateOf(room.id)) === 'closed');
      assert.equal((await stage.get(room.id)).body.closeReason, 'vanished');
    }
    assert.equal(await stage.stateOf(live.id), 'live');
  });

  it('go with their app, which stays while one is open', async (t) => {
    await begin(t);
    const app = (await stage.control.post<App>('/v1/apps', { accountId: 'default', name: 'theirs' })).body;
    const { body: key } = await stage.control.post<{ key: string }>(`/v1/apps/${app.id}/api-keys`, { name: 'k' });
    const anna = await stage.user('anna', key.key);
    const room = await stage.open(anna);
    assert.equal(room.appId, app.id);
    assert.equal((await stage.control.delete(`/v1/apps/${app.id}`)).status, 409);
    await stage.end(room.id, key.key);
    assert.equal((await stage.control.delete(`/v1/apps/${app.id}`)).status, 204);
    assert.equal((await stage.get(room.id)).status, 404);
    assert.equal((await stage.control.get('/v1/users/me', { key: anna })).status, 404);
    clockMs += 31_000;
    assert.equal((await stage.control.get('/v1/users/me', { key: anna })).status, 401);
  });
});

describe('a room', () => {
  let stage: Stage;
  let clockMs = Date.now();
  before(async () => {
    stage = await Stage.begin({ now: () => clockMs });
  });
  after(() => stage.close());

  it('is live by a mix while the anchor pushes nothing itself, not by a picture that stands in', async () => {
    const room = await stage.open(await stage.user('mixed'));
    const { id: channelId, stream } = room.channel;
    const program = (kind: Program['kind']): Program => ({
      source: 'mix-1',
      kind,
      worker: 'mixer-1',
      channelId,
      accountId: 'default',
      play: { signedWith: null },
      startedAtMs: clockMs,
    });
    const { bus } = stage.worker;
    const picture = await bus.acquire(leases.program(stream), program('picture'));
    await picture.lease?.release();
    const mix = await bus.acquire(leases.program(stream), program('mix'));
    await until(async () => (await stage.stateOf(room.id)) === 'live');
    await mix.lease?.release();
    await until(async () => (await stage.stateOf(room.id)) === 'interrupted');
    assert.deepEqual(
      stage.events.filter(({ roomId }) => roomId === room.id).map(({ type }) => type),
      ['opened', 'live', 'interrupted'],
    );
  });

  it('that closes sends its publisher away; the next one takes it again', async () => {
    const token = await stage.user('quick');
    const room = await stage.live(await stage.open(token));
    await stage.end(room.id, token);
    await until(() => stage.worker.disconnects.some(({ stream }) => stream === room.channel.stream));
    const next = await stage.open(token);
    assert.equal(next.channel.stream, room.channel.stream);
    await stage.live(next);
  });

  it('is known by the new nickname of its anchor', async () => {
    const token = await stage.user('renamed');
    const room = await stage.open(token);
    await stage.control.patch('/v1/users/me', { nickname: 'Somebody else' }, { key: token });
    await until(async () => (await stage.ids('?search=somebody')).includes(room.id));
    assert.equal((await stage.get(room.id)).body.anchor.nickname, 'Somebody else');
    assert.ok(stage.events.some(({ roomId, type }) => roomId === room.id && type === 'changed'));
  });

  it('stays open by heartbeats alone, and closes 90 s after the last', async () => {
    const token = await stage.user('beating');
    const room = await stage.open(token);
    for (let n = 0; n < 4; n++) {
      clockMs += 60_000;
      const beat = await stage.control.post<RoomPulse>(`/v1/rooms/${room.id}/heartbeat`, {}, { key: token });
      assert.equal(beat.body.state, 'preparing');
    }
    clockMs += 91_000;
    await until(async () => (await stage.stateOf(room.id)) === 'closed');
    assert.equal((await stage.get(room.id)).body.closeReason, 'vanished');
  });

  it('has a small picture while it is live, for who may watch', async () => {
    const worker = stage.control.bus.member().bus;
    let made = 0;
    worker.serve('transcoder.still', ({ width }) => {
      made += 1;
      return { jpeg: Buffer.from(`${width} px`).toString('base64') };
    });
    const token = await stage.user('pictured');
    const quiet = await stage.open(token);
    assert.equal(quiet.thumbnail, null);
    const picture = (path: string | null, options: object = NOBODY) => stage.control.get(path ?? '', options);
    const path = `/v1/rooms/${quiet.id}/thumbnail.jpg`;
    assert.deepEqual([(await picture(path)).status, (await picture(path)).body.error.name], [404, 'PICTURE_NOT_FOUND']);
    const room = await stage.live(quiet);
    assert.equal((await stage.get(room.id)).body.thumbnail, path);
    const first = await picture(path);
    assert.deepEqual([first.status, first.text, first.headers['content-type']], [200, '360 px', 'image/jpeg']);
    assert.equal(first.headers['cache-control'], 'public, max-age=20');
    const again = await picture(path, { key: null, headers: { 'if-none-match': first.headers.etag ?? '' } });
    assert.deepEqual([again.status, made], [304, 1]);

    await stage.control.patch(`/v1/channels/${room.channel.id}`, { playAuth: 'signed' });
    assert.equal((await stage.get(room.id)).body.thumbnail, null);
    for (const query of ['', '?txSecret=00&txTime=7FFFFFFF'])
      assert.equal((await picture(`${path}${query}`)).body.error.name, 'BAD_SIGNATURE');
    const viewer = await stage.user('viewer');
    const signed = (await stage.get(room.id, viewer)).body.thumbnail;
    const seen = await picture(signed);
    assert.deepEqual([seen.status, seen.headers['cache-control']], [200, 'private, max-age=20']);
    // Users of another app are strangers, whatever they are called.
    const app = (await stage.control.post<App>('/v1/apps', { accountId: 'default', name: 'other' })).body;
    const { body: theirs } = await stage.control.post<{ key: string }>(`/v1/apps/${app.id}/api-keys`, { name: 'k' });
    for (const key of [theirs.key, await stage.user('viewer', theirs.key)]) {
      assert.equal((await picture(path, { key })).body.error.name, 'BAD_SIGNATURE');
      const { thumbnail, channel } = (await stage.get(room.id, key)).body;
      assert.deepEqual([thumbnail, queryOf(channel.play.flv)], [null, '']);
    }
    await stage.end(room.id, token);
    assert.equal((await picture(signed)).status, 404);
    assert.equal((await picture('/v1/rooms/room_nothing/thumbnail.jpg')).body.error.name, 'ROOM_NOT_FOUND');
  });

  it('asks its fields to be of their kind, and names the one that is not', async () => {
    const token = await stage.user('careless');
    for (const [body, field] of [
      [{ title: '' }, 'title'],
      [{ title: 'two\nlines' }, 'title'],
      [{ title: 't'.repeat(101) }, 'title'],
      [{ cover: 'ftp://example.org/x' }, 'cover'],
      [{ tags: ['a', 'a'] }, 'tags'],
      [{ tags: Array.from({ length: 6 }, (_, i) => `t${i}`) }, 'tags'],
      [{ tags: [''] }, 'tags/0'],
      [{ mode: 'both' }, 'mode'],
      [{ settings: { slowModeSeconds: -1 } }, 'settings/slowModeSeconds'],
      [{ settings: { vip: true } }, 'settings/vip'],
      [{ anchor: 'anna' }, 'anchor'],
    ] as const) {
      const { status, body: answer } = await stage.tryOpen(token, body);
      assert.deepEqual([status, answer.error.field], [400, field], JSON.stringify(body));
    }
    for (const id of ['room_nothing', 'x']) assert.deepEqual((await stage.get(id)).body.error.name, 'ROOM_NOT_FOUND');
  });
});
