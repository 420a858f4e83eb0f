import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ErrorBody } from '@lianmai/contract';
import type { CallState, Conference, ConferenceJoin } from '@lianmai/contract/rest';
import { RATE_LIMITS } from '../rest/access.ts';
import type { FakeWorker } from '../testing/fake-worker.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

const ANYBODY = { key: null };
const LIMITS = { ...RATE_LIMITS, joinsPerAddress: 1000 };

describe('calls', () => {
  let control: TestControl;
  let worker: FakeWorker;
  let clockMs = Date.now();
  before(async () => {
    control = await TestControl.start({ now: () => clockMs, limits: LIMITS });
    worker = await control.worker('w1');
  });
  after(() => control.close());

  const tryJoin = (call: string, body: object) =>
    control.post<ConferenceJoin & ErrorBody>(`/v1/calls/${call}/join`, { nickname: 'Anna', ...body }, ANYBODY);
  const join = async (call: string, body: object = {}) => {
    const answer = await tryJoin(call, body);
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const act = (call: string, action: string, { userId, token }: { userId: string; token: string }, more: object = {}) =>
    control.post(`/v1/calls/${call}/${action}`, { userId, token, ...more }, ANYBODY);
  const ask = (call: string, token: string, since?: number) =>
    control.get<CallState & ErrorBody>(
      `/v1/calls/${call}?token=${token}${since === undefined ? '' : `&since=${since}`}`,
      ANYBODY,
    );

  it('begin with the first to join, who owns them, without a key', async () => {
    const anna = await join('friends');
    assert.match(anna.userId, /^guest_/);
    assert.deepEqual([anna.conferenceId, anna.owner, anna.members.length], ['friends', true, 1]);
    assert.match(anna.publish?.whip ?? '', /\.whip\?token=/);
    const bert = await join('friends', { nickname: 'Bert' });
    assert.deepEqual([bert.owner, bert.members.map(({ nickname }) => nickname)], [false, ['Anna', 'Bert']]);
    await worker.ask(bert.stream ?? '', bert.publish?.rtmp.split('?')[1] ?? '');
    const { body } = await control.get<Conference>('/v1/conferences/friends');
    assert.deepEqual([body.open, body.appId], [true, 'default']);
  });

  it('are gone on with by userId and token, by nothing else', async () => {
    const anna = await join('again');
    const { userId, token, stream } = anna;
    const same = await join('again', { userId, token, nickname: 'Anna II' });
    assert.deepEqual([same.userId, same.stream, same.members[0]?.nickname], [userId, stream, 'Anna II']);
    const bert = await join('again');
    for (const claim of [{ userId }, { userId, token: 'forged' }, { userId, token: bert.token }]) {
      const other = await join('again', claim);
      assert.notEqual(other.userId, userId);
      await act('again', 'leave', other);
    }
    // Who left comes back as the same user, as another member.
    await act('again', 'leave', anna);
    const back = await join('again', { userId, token });
    assert.equal(back.userId, userId);
    assert.notEqual(back.stream, stream);
    assert.equal((await act('again', 'leave', anna)).body.error.name, 'NOT_A_MEMBER');
  });

  it('tell what changed as soon as it does', async () => {
    const anna = await join('news');
    const first = await ask('news', anna.token);
    assert.equal(first.status, 200);
    const waiting = ask('news', anna.token, first.body.version);
    const bert = await join('news', { nickname: 'Bert' });
    const second = (await waiting).body;
    assert.ok(second.version > first.body.version);
    assert.deepEqual(
      second.members.map(({ userId }) => userId),
      [anna.userId, bert.userId],
    );
    const more = ask('news', anna.token, second.version);
    await worker.publish(bert.stream ?? '', bert.publish?.rtmp.split('?')[1] ?? '');
    assert.equal((await more).body.members[1]?.state, 'on-air');
  });

  it('let a member wait once: a second request ends the first', async () => {
    const { token, version } = await join('twice');
    const both = [ask('twice', token, version), ask('twice', token, version)];
    const ended = await Promise.race(both);
    assert.deepEqual([ended.status, ended.body.version], [200, version]);
    await join('twice');
    const versions = (await Promise.all(both)).map(({ body }) => body.version);
    assert.deepEqual(versions.sort(), [version, version + 1]);
  });

  it('end their waiting requests when control stops', async () => {
    const { token, version } = await join('stopping');
    const waiting = ask('stopping', token, version);
    await until(async () => (await control.get<Conference>('/v1/conferences/stopping')).status === 200);
    await control.stop();
    const answer = await waiting.catch((error: NodeJS.ErrnoException) => error);
    assert.ok(answer instanceof Error || answer.status === 200);
    await control.startAgain();
    assert.equal((await ask('stopping', token)).status, 200);
  });

  it('are left by who does not ask any more, and end with the last one', async () => {
    const [anna, bert] = [await join('quiet'), await join('quiet')];
    clockMs += 60_000;
    await ask('quiet', anna.token);
    clockMs += 31_000;
    await until(async () => (await ask('quiet', anna.token)).body.members.length === 1);
    assert.equal((await ask('quiet', bert.token)).body.error.name, 'NOT_A_MEMBER');
    await act('quiet', 'leave', anna);
    const over = await ask('quiet', anna.token);
    assert.deepEqual([over.status, over.body.error.name], [410, 'CONFERENCE_ENDED']);
    // The name is free again; nothing of before opens the new call.
    const carl = await join('quiet');
    assert.equal(carl.owner, true);
    assert.equal((await ask('quiet', anna.token)).body.error.name, 'BAD_SIGNATURE');
    const { userId, token } = anna;
    assert.notEqual((await join('quiet', { userId, token })).userId, userId);
  });

  it('are muted and kicked from by the owner only, and passed on', async () => {
    const [anna, bert, carl] = [await join('rule'), await join('rule'), await join('rule')];
    assert.equal((await act('rule', 'mute', bert, { target: anna.userId, audio: true })).body.error.name, 'FORBIDDEN');
    assert.equal((await act('rule', 'kick', bert, { target: anna.userId })).body.error.name, 'FORBIDDEN');
    assert.equal((await act('rule', 'mute', bert, { video: true })).status, 204);
    assert.equal((await act('rule', 'mute', anna, { target: bert.userId, audio: true })).status, 204);
    const { members } = (await ask('rule', bert.token)).body;
    assert.deepEqual(members[1]?.muted, { audio: true, video: true });
    assert.equal((await act('rule', 'mute', bert, { audio: false })).body.error.name, 'FORBIDDEN');
    assert.equal((await act('rule', 'kick', anna, { target: 'nobody' })).body.error.name, 'NOT_A_MEMBER');
    assert.equal((await act('rule', 'kick', anna, { target: carl.userId })).status, 204);
    assert.equal((await ask('rule', carl.token)).body.error.name, 'MEMBER_KICKED');
    assert.equal((await tryJoin('rule', carl)).status, 400, 'unknown fields');
    const { userId, token } = carl;
    assert.equal((await tryJoin('rule', { userId, token })).body.error.name, 'MEMBER_KICKED');
    await act('rule', 'leave', anna);
    assert.equal((await ask('rule', bert.token)).body.owner, true);
    assert.equal((await act('rule', 'kick', bert, { target: bert.userId })).body.error.name, 'BAD_REQUEST');
  });

  it('refuse tokens that are forged, expired, of another call or for something else', async () => {
    const [anna, other] = [await join('safe'), await join('elsewhere')];
    const playToken = anna.members[0]?.play.whep.split('token=')[1] ?? '';
    const pushToken = anna.publish?.whip.split('token=')[1] ?? '';
    const forged = anna.token.split('.').with(0, '2').join('.');
    for (const token of [other.token, playToken, pushToken, forged, 'x', `${anna.token}x`]) {
      assert.equal((await ask('safe', token)).body.error.name, 'BAD_SIGNATURE', token);
      assert.equal((await act('safe', 'leave', { ...anna, token })).body.error.name, 'BAD_SIGNATURE', token);
    }
    assert.equal((await act('safe', 'leave', { ...other, token: anna.token })).body.error.name, 'BAD_SIGNATURE');
    assert.equal((await ask('nothing', anna.token)).body.error.name, 'CONFERENCE_NOT_FOUND');
    clockMs += 86_400_001;
    assert.equal((await ask('safe', anna.token)).body.error.name, 'BAD_SIGNATURE');
  });

  it('made with a key are joined by invitation, unless they are open', async () => {
    await control.post('/v1/conferences', { id: 'board', ownerId: 'boss' });
    assert.equal((await tryJoin('board', {})).body.error.name, 'FORBIDDEN');
    assert.equal((await tryJoin('board', { userId: 'boss', token: 'forged' })).body.error.name, 'BAD_SIGNATURE');
    const invited = (await control.post<ConferenceJoin>('/v1/conferences/board/join', { userId: 'boss' })).body;
    const viewer = (
      await control.post<ConferenceJoin>('/v1/conferences/board/join', { userId: 'vera', role: 'viewer' })
    ).body;
    const joined = await join('board', { userId: 'boss', token: invited.token });
    assert.deepEqual([joined.userId, joined.stream, joined.owner], ['boss', invited.stream, true]);
    const watching = await join('board', { userId: 'vera', token: viewer.token });
    assert.deepEqual([watching.publish, watching.stream], [null, null]);
    await control.post('/v1/conferences', { id: 'lobby', open: true, ownerId: 'host' });
    assert.equal((await join('lobby')).owner, false);
  });

  it('are joined only so often from one address', async (t) => {
    const strict = await TestControl.start({ limits: { ...LIMITS, joinsPerAddress: 3 } });
    t.after(() => strict.close());
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++)
      statuses.push((await strict.post('/v1/calls/flood/join', { nickname: 'x' }, ANYBODY)).status);
    assert.deepEqual(statuses, [200, 200, 200, 429, 429, 429]);
    const elsewhere = { ...ANYBODY, headers: { 'x-forwarded-for': '203.0.113.9' } };
    assert.equal((await strict.post('/v1/calls/flood/join', { nickname: 'x' }, elsewhere)).status, 200);
  });

  it('are made with a key only when the setting says so', async (t) => {
    const closed = await TestControl.start({ settings: { openCalls: false } });
    t.after(() => closed.close());
    const refused = await closed.post('/v1/calls/friends/join', { nickname: 'x' }, ANYBODY);
    assert.deepEqual([refused.status, refused.body.error.name], [403, 'FORBIDDEN']);
    await closed.post('/v1/conferences', { id: 'friends', open: true });
    assert.equal((await closed.post('/v1/calls/friends/join', { nickname: 'x' }, ANYBODY)).status, 403);
    const { token, userId } = (await closed.post<ConferenceJoin>('/v1/conferences/friends/join', { userId: 'anna' }))
      .body;
    const resumed = await closed.post<ConferenceJoin>(
      '/v1/calls/friends/join',
      { nickname: 'x', userId, token },
      ANYBODY,
    );
    assert.equal(resumed.body.userId, 'anna');
  });

  it('fill up, whoever floods them', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => tryJoin('crowd', {})));
    const byName = Map.groupBy(answers, ({ status, body }) => (status === 200 ? 'in' : body.error.name));
    assert.deepEqual([byName.get('in')?.length, byName.get('CONFERENCE_FULL')?.length], [9, 31]);
  });
});
