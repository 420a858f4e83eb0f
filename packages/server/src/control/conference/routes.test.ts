import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ConferenceEvent, ErrorBody } from '@lianmai/contract';
import type {
  Account,
  App,
  Channel,
  Conference,
  ConferenceJoin,
  CreatedApiKey,
  IssuedToken,
} from '@lianmai/contract/rest';
import type { Static } from 'typebox';
import { verifyMemberToken } from '../../auth/member-token.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { FakeWorker } from '../testing/fake-worker.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

const queryOf = (url: string | undefined) => url?.split('?')[1] ?? '';

describe('conferences', () => {
  const folder = mkdtempSync(joinPath(tmpdir(), 'lianmai-conference-'));
  let store: Store;
  let control: TestControl;
  let worker: FakeWorker;
  const events: ConferenceEvent[] = [];
  let clockMs = Date.now();
  before(async () => {
    store = await openStore({ dataDir: folder, databaseUrl: null });
    control = await TestControl.start({ store, now: () => clockMs, settings: { publishGraceMs: 10 } });
    worker = await control.worker('w1');
    worker.bus.subscribe('conference.event', (event) => events.push(event));
  });
  after(async () => {
    await control.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const create = async (body: object = {}) => (await control.post<Conference>('/v1/conferences', body)).body;
  const get = async (id: string) => (await control.get<Conference>(`/v1/conferences/${id}`)).body;
  const join = async (id: string, userId: string, more: object = {}) => {
    const answer = await control.post<ConferenceJoin>(`/v1/conferences/${id}/join`, { userId, ...more });
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const stateOf = async (id: string, userId: string) =>
    (await get(id)).members.find((member) => member.userId === userId)?.state;
  const happened = (id: string) =>
    events.filter(({ conferenceId }) => conferenceId === id).map(({ type, userId }) => `${userId ?? '-'} ${type}`);
  /** Resolves when it is noted since when no packets come. */
  const lost = ({ stream }: ConferenceJoin) =>
    until(async () => {
      const row = await store.db
        .selectFrom('conferenceMember')
        .select('lostAt')
        .where('stream', '=', stream)
        .executeTakeFirst();
      return row?.lostAt;
    });
  const publish = async ({ stream, publish: to }: ConferenceJoin) => worker.publish(stream ?? '', queryOf(to?.rtmp));

  it('are made, seen, listed and ended with a key', async () => {
    const made = await control.post<Conference>('/v1/conferences', { id: 'standup', title: 'Stand-up', capacity: 4 });
    assert.equal(made.status, 201);
    const { title, state, capacity, open, ownerId, members } = made.body;
    assert.deepEqual([title, state, capacity, open, ownerId, members], ['Stand-up', 'open', 4, false, null, []]);
    assert.equal((await control.post('/v1/conferences', { id: 'standup' })).body.error.name, 'CONFLICT');
    const other = await create();
    assert.match(other.id, /^conf_/);
    assert.equal(other.capacity, 9);
    const list = await control.get<{ items: Conference[] }>('/v1/conferences?limit=5');
    assert.deepEqual(list.body.items.map(({ id }) => id).sort(), [other.id, 'standup'].sort());
    assert.equal((await control.delete('/v1/conferences/standup')).status, 204);
    assert.equal((await get('standup')).state, 'ended');
    assert.equal((await control.delete('/v1/conferences/nothing')).body.error.name, 'CONFERENCE_NOT_FOUND');
    assert.equal((await control.get('/v1/conferences', { key: null })).status, 401);
    assert.equal((await control.post('/v1/conferences', { capacity: 0 })).body.error.field, 'capacity');
    clockMs += 3_600_000 + 20_000;
    assert.equal((await create({ id: 'standup' })).state, 'open');
    await until(() => happened('standup').includes('- ended'));
  });

  it('are made, joined and ruled by users themselves', async () => {
    const tokenOf = async (userId: string) =>
      (await control.post<IssuedToken>('/v1/users/token', { userId, nickname: userId.toUpperCase() })).body.token;
    const [una, vic, wim] = [await tokenOf('una'), await tokenOf('vic'), await tokenOf('wim')];
    const made = await control.post<Conference>('/v1/conferences', { title: 'Talk' }, { key: una });
    assert.deepEqual([made.status, made.body.ownerId, made.body.open], [201, 'una', true]);
    const path = `/v1/conferences/${made.body.id}`;
    const joined = await control.post<ConferenceJoin>(`${path}/join`, {}, { key: una });
    assert.deepEqual([joined.body.userId, joined.body.owner, joined.body.members[0]?.nickname], ['una', true, 'UNA']);
    assert.equal((await control.post(`${path}/join`, { userId: 'una' }, { key: vic })).body.error.name, 'FORBIDDEN');
    assert.equal((await control.post(`${path}/join`, { role: 'owner' }, { key: vic })).body.error.name, 'FORBIDDEN');
    assert.equal((await control.post(`${path}/join`, {})).body.error.field, 'userId');
    assert.equal((await control.post<ConferenceJoin>(`${path}/join`, {}, { key: vic })).body.owner, false);
    for (const [method, of] of [
      ['DELETE', path],
      ['POST', `${path}/members/una/kick`],
      ['POST', `${path}/members/una/mute`],
    ] as const)
      assert.equal((await control.call<ErrorBody>(method, of, undefined, { key: vic })).body.error.name, 'FORBIDDEN');
    assert.equal((await control.post(`${path}/members/vic/kick`, undefined, { key: una })).status, 200);
    assert.equal((await control.post(`${path}/join`, {}, { key: vic })).body.error.name, 'MEMBER_KICKED');

    const closed = await create({ ownerId: 'una' });
    assert.equal((await control.get(`/v1/conferences/${closed.id}`, { key: wim })).status, 404);
    assert.equal((await control.post(`/v1/conferences/${closed.id}/join`, {}, { key: wim })).status, 404);
    await join(closed.id, 'wim');
    assert.equal((await control.post(`/v1/conferences/${closed.id}/join`, {}, { key: wim })).status, 200);
    const left = await control.post<Conference>(`/v1/conferences/${closed.id}/leave`, {}, { key: wim });
    assert.equal(left.body.state, 'ended');

    for (let i = 0; i < 4; i++) await control.post('/v1/conferences', {}, { key: una });
    const sixth = await control.post('/v1/conferences', {}, { key: una });
    assert.deepEqual([sixth.status, sixth.body.error.name], [403, 'CONFERENCE_QUOTA_EXCEEDED']);
    assert.equal((await control.delete(path, { key: una })).status, 204);
    assert.equal((await control.post('/v1/conferences', {}, { key: una })).status, 201);
  });

  it('let a user in with addresses for WebRTC and RTMP, and what the others are', async () => {
    const { id } = await create({ ownerId: 'anna' });
    const anna = await join(id, 'anna', { nickname: '安娜' });
    const bert = await join(id, 'bert');
    assert.equal(bert.conferenceId, id);
    assert.match(bert.stream ?? '', new RegExp(`^cf-${id}-`));
    assert.match(bert.publish?.whip ?? '', /^http:\/\/live\.test:8080\/live\/cf-.*\.whip\?token=/);
    assert.match(bert.publish?.rtmp ?? '', /^rtmp:\/\/live\.test\/live\/cf-.*\?token=/);
    assert.deepEqual(bert.iceServers, []);
    assert.deepEqual(
      bert.members.map(({ userId, nickname, owner, state, stream }) => [userId, nickname, owner, state, stream]),
      [
        ['anna', '安娜', true, 'joining', anna.stream],
        ['bert', 'bert', false, 'joining', bert.stream],
      ],
    );
    assert.match(bert.members[0]?.play.flv ?? '', /\.flv\?token=/);
    const again = await join(id, 'bert');
    assert.deepEqual([again.stream, again.publish], [bert.stream, bert.publish]);
    const viewer = await join(id, 'vera', { role: 'viewer' });
    assert.deepEqual([viewer.publish, viewer.stream, viewer.viewers, viewer.members.length], [null, null, 1, 2]);
  });

  it("open a member's stream to its own token only", async () => {
    const { id } = await create();
    const [anna, bert, vera] = [
      await join(id, 'anna'),
      await join(id, 'bert'),
      await join(id, 'vera', { role: 'viewer' }),
    ];
    const stranger = await join((await create()).id, 'anna');
    const stream = anna.stream ?? '';
    const own = queryOf(anna.publish?.rtmp);
    const refused: [string, string][] = [
      ['', 'BAD_SIGNATURE'],
      ['token=', 'BAD_SIGNATURE'],
      [queryOf(bert.publish?.rtmp), 'BAD_SIGNATURE'],
      [queryOf(stranger.publish?.rtmp), 'BAD_SIGNATURE'],
      [queryOf(anna.members[0]?.play.rtmp), 'BAD_SIGNATURE'],
      [`token=${vera.token}`, 'BAD_SIGNATURE'],
      [own.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')), 'BAD_SIGNATURE'],
    ];
    for (const [query, name] of refused) await assert.rejects(worker.ask(stream, query), { name }, query);
    await assert.rejects(worker.ask(`cf-${id}-0123456789`, own), { name: 'BAD_SIGNATURE' });
    await assert.rejects(worker.ask('cf-nothing-0123456789', own), { name: 'CHANNEL_NOT_FOUND' });
    const grant = await worker.ask(stream, own);
    assert.deepEqual([grant.channelId, grant.accountId, grant.play.members?.conferenceId], [`cf-${id}`, 'default', id]);
    await worker.ask(stream, `token=${anna.token}`);
    const before = clockMs;
    clockMs += 86_400_000 + 1;
    await assert.rejects(worker.ask(stream, own), { name: 'BAD_SIGNATURE' });
    clockMs = before;
  });

  it('let members play each other, and nobody else', async () => {
    const { id } = await create();
    const [anna, vera] = [await join(id, 'anna'), await join(id, 'vera', { role: 'viewer' })];
    const stranger = await join((await create()).id, 'anna');
    const { play } = await publish(anna);
    const numberOf = (url: string | undefined, policy = play.members) => {
      const token = new URLSearchParams(queryOf(url)).get('token');
      const { key = '', conferenceId = '' } = policy ?? {};
      return verifyMemberToken({ key, conferenceId, token, right: 'play', nowMs: clockMs }).member?.no;
    };
    assert.deepEqual([play.members?.present, play.members?.upTo], [[1, 2], 2]);
    assert.equal(numberOf(anna.members[0]?.play.flv), 1);
    assert.equal(numberOf(vera.members[0]?.play.whep), 2);
    // Came after the grant: a number that the policy does not know yet.
    assert.equal(numberOf((await join(id, 'late')).members[0]?.play.rtmp), 3);
    assert.equal(numberOf(stranger.members[0]?.play.flv), undefined);
    assert.equal(numberOf(anna.publish?.whip), undefined);
    await control.post(`/v1/conferences/${id}/leave`, { userId: 'vera' });
    const change = await until(() => worker.policies.findLast(({ stream }) => stream === anna.stream));
    assert.deepEqual([change.play.members?.present, change.play.members?.upTo], [[1, 3], 3]);
  });

  it('follow the streams: on air, gone for 15 s, left after 90 s', async () => {
    const { id } = await create();
    const [anna, bert] = [await join(id, 'anna'), await join(id, 'bert')];
    await publish(anna);
    await publish(bert);
    await until(async () => (await stateOf(id, 'anna')) === 'on-air' && (await stateOf(id, 'bert')) === 'on-air');
    await worker.vanish(anna.stream ?? '');
    await lost(anna);
    clockMs += 15_000;
    await until(async () => (await stateOf(id, 'anna')) === 'video-gone');
    await publish(anna);
    await until(async () => (await stateOf(id, 'anna')) === 'on-air');
    await worker.vanish(anna.stream ?? '');
    await lost(anna);
    clockMs += 15_000;
    await until(async () => (await stateOf(id, 'anna')) === 'video-gone');
    clockMs += 75_000;
    await until(async () => (await stateOf(id, 'anna')) === undefined);
    assert.deepEqual(
      happened(id).filter((event) => event.startsWith('anna')),
      ['anna joined', 'anna on-air', 'anna video-gone', 'anna on-air', 'anna video-gone', 'anna left'],
    );
    assert.equal(await stateOf(id, 'bert'), 'on-air');
    // A device that says goodbye has left, and was the last.
    await worker.end(bert.stream ?? '', 'unpublished');
    await until(() => happened(id).includes('- ended'));
    assert.deepEqual(happened(id).slice(-2), ['bert left', '- ended']);
  });

  it('kick: the publisher goes, its tokens are worth nothing, a key lets it in again', async () => {
    const { id } = await create();
    await join(id, 'anna');
    const bert = await join(id, 'bert');
    await publish(bert);
    await until(async () => (await stateOf(id, 'bert')) === 'on-air');
    const kicked = await control.post<Conference>(`/v1/conferences/${id}/members/bert/kick`);
    assert.deepEqual(
      kicked.body.members.map(({ userId }) => userId),
      ['anna'],
    );
    await until(() => worker.disconnects.some(({ stream }) => stream === bert.stream));
    await assert.rejects(worker.ask(bert.stream ?? '', queryOf(bert.publish?.rtmp)), { name: 'MEMBER_KICKED' });
    assert.equal((await control.post(`/v1/conferences/${id}/members/bert/kick`)).body.error.name, 'NOT_A_MEMBER');
    const again = await join(id, 'bert');
    assert.notEqual(again.stream, bert.stream);
    await assert.rejects(worker.ask(bert.stream ?? '', queryOf(bert.publish?.rtmp)), { name: 'NOT_A_MEMBER' });
    await worker.ask(again.stream ?? '', queryOf(again.publish?.rtmp));
  });

  it('mute and unmute as the owner does', async () => {
    const { id } = await create();
    await join(id, 'anna');
    const path = `/v1/conferences/${id}/members/anna`;
    const mutedBy = async (action: string, body?: object) =>
      (await control.post<Conference>(`${path}/${action}`, body)).body.members[0]?.muted;
    assert.deepEqual(await mutedBy('mute'), { audio: true, video: false });
    assert.deepEqual(await mutedBy('mute', { video: true }), { audio: true, video: true });
    assert.deepEqual(await mutedBy('unmute', { audio: true }), { audio: false, video: true });
  });

  it('what the owner mutes, workers silence; what a member mutes itself they leave alone', async () => {
    const { id } = await create();
    const anna = await join(id, 'anna');
    await publish(anna);
    await until(async () => (await stateOf(id, 'anna')) === 'on-air');
    const silenced = () => worker.policies.findLast(({ stream }) => stream === anna.stream)?.play.silenced;
    await control.post(`/v1/conferences/${id}/members/anna/mute`);
    assert.deepEqual(await until(silenced), { audio: true, video: false });
    await control.post(`/v1/conferences/${id}/members/anna/unmute`);
    await until(() => silenced() === undefined);
    await control.post(`/v1/conferences/${id}/members/anna/mute`, { audio: false, video: true });
    assert.deepEqual(await until(silenced), { audio: false, video: true });
    const again = await worker.ask(anna.stream ?? '', queryOf(anna.publish?.rtmp));
    assert.deepEqual(again.play.silenced, { audio: false, video: true }, 'whoever comes back stays muted');
  });

  it('end: everybody is disconnected, and comes in no more', async () => {
    const { id } = await create();
    const anna = await join(id, 'anna');
    await publish(anna);
    await until(async () => (await stateOf(id, 'anna')) === 'on-air');
    await control.delete(`/v1/conferences/${id}`);
    await until(() => worker.disconnects.some(({ stream }) => stream === anna.stream));
    await assert.rejects(worker.ask(anna.stream ?? '', queryOf(anna.publish?.rtmp)), { name: 'CONFERENCE_ENDED' });
    const refused = await control.post(`/v1/conferences/${id}/join`, { userId: 'bert' });
    assert.deepEqual([refused.status, refused.body.error.name], [410, 'CONFERENCE_ENDED']);
  });

  it('are full at their capacity', async () => {
    const { id } = await create({ capacity: 1 });
    await join(id, 'anna');
    const refused = await control.post(`/v1/conferences/${id}/join`, { userId: 'bert' });
    assert.deepEqual([refused.status, refused.body.error.name], [409, 'CONFERENCE_FULL']);
    await join(id, 'vera', { role: 'viewer' });
  });

  it('belong to their app, and stop with its account', async () => {
    const { id: accountId } = (await control.post<Account>('/v1/accounts', { name: 'a' })).body;
    const { id: appId } = (await control.post<App>('/v1/apps', { accountId, name: 'a' })).body;
    const made = await control.post<Static<typeof CreatedApiKey>>(`/v1/apps/${appId}/api-keys`, { name: 'k' });
    const { key } = made.body;
    const own = (await control.post<Conference>('/v1/conferences', {}, { key })).body;
    assert.equal(own.appId, appId);
    const others = await create();
    assert.equal((await control.get(`/v1/conferences/${others.id}`, { key })).status, 404);
    assert.equal((await control.post(`/v1/conferences/${others.id}/join`, { userId: 'x' }, { key })).status, 404);
    assert.equal((await control.delete(`/v1/conferences/${others.id}`, { key })).status, 404);
    const list = await control.get<{ items: Conference[] }>('/v1/conferences', { key });
    assert.deepEqual(
      list.body.items.map(({ id }) => id),
      [own.id],
    );
    const anna = await join(own.id, 'anna');
    await publish(anna);
    await until(async () => (await stateOf(own.id, 'anna')) === 'on-air');
    await control.patch(`/v1/accounts/${accountId}`, { status: 'suspended' });
    const command = await until(() => worker.disconnects.find(({ stream }) => stream === anna.stream));
    assert.equal(command.error?.name, 'ACCOUNT_SUSPENDED');
    await assert.rejects(worker.ask(anna.stream ?? '', queryOf(anna.publish?.rtmp)), { name: 'ACCOUNT_SUSPENDED' });
    assert.equal(
      (await control.post(`/v1/conferences/${own.id}/join`, { userId: 'b' })).body.error.name,
      'ACCOUNT_SUSPENDED',
    );
  });

  it("keep their members' stream names to themselves", async () => {
    const refused = await control.post('/v1/channels', { name: 'c', stream: 'cf-talk-0123456789' });
    assert.deepEqual([refused.status, refused.body.error.field], [409, 'stream']);
    assert.equal((await control.post<Channel>('/v1/channels', { name: 'c', stream: 'cf-talk' })).status, 201);
  });

  it('go on when control starts anew: who is on air stays, who was lost meanwhile has its time', async () => {
    const { id } = await create();
    const [anna, bert] = [await join(id, 'anna'), await join(id, 'bert')];
    await join(id, 'carl');
    await publish(anna);
    await publish(bert);
    await until(async () => (await stateOf(id, 'anna')) === 'on-air' && (await stateOf(id, 'bert')) === 'on-air');
    await control.stop();
    await worker.vanish(bert.stream ?? '');
    clockMs += 300_000;
    await control.startAgain();
    assert.deepEqual(
      (await get(id)).members.map(({ userId, state }) => [userId, state]),
      [
        ['anna', 'on-air'],
        ['bert', 'on-air'],
        ['carl', 'joining'],
      ],
    );
    clockMs += 20_000;
    await until(async () => (await stateOf(id, 'bert')) === 'video-gone');
    clockMs += 70_000;
    await until(async () => (await get(id)).members.length === 1);
    assert.equal(await stateOf(id, 'anna'), 'on-air');
    await worker.ask(anna.stream ?? '', queryOf(anna.publish?.rtmp));
  });
});
