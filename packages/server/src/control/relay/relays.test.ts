import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Conference, ConferenceJoin } from '@lianmai/contract/rest';
import { describeStores } from '../../store/testing/stores.ts';
import type { FakeMixer } from '../testing/fake-mixer.ts';
import type { FakeWorker } from '../testing/fake-worker.ts';
import { TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

describeStores('conferences that may be watched', (open) => {
  let control: TestControl;
  let media: FakeWorker;
  let mixer: FakeMixer;
  before(async () => {
    const clock = { ms: Date.now() };
    control = await TestControl.start({ store: await open(), now: () => ++clock.ms });
    mixer = await control.mixer('mixer-0', { cores: 64 });
    media = await control.worker('w1');
  });
  after(() => control.close());

  const make = async (body: object = {}) =>
    (await control.post<Conference>('/v1/conferences', { title: 'Panel', watchable: true, ...body })).body;
  const member = async ({ id }: Conference, userId: string): Promise<string> => {
    const { body } = await control.post<ConferenceJoin>(`/v1/conferences/${id}/join`, { userId });
    await media.publish(body.stream ?? '', new URL(body.publish?.rtmp ?? '').search.slice(1));
    return body.stream ?? '';
  };
  const shown = ({ channel }: Conference) =>
    [...mixer.jobs.values()]
      .filter(({ programs }) => programs.some(({ channelId }) => channelId === channel?.id))
      .flatMap(({ inputs }) => inputs.map(({ source }) => ('stream' in source ? source.stream : '')));
  const shows = (meeting: Conference, ...streams: string[]) =>
    until(() => shown(meeting).join() === streams.join() && (streams.length > 0 || mixer.jobs.size === 0));
  const channelGone = ({ channel }: Conference) =>
    until(async () => (await control.get(`/v1/channels/${channel?.id}`)).status === 404);

  it('have a channel that shows who is on air, through restarts, until they end', async () => {
    const meeting = await make();
    const anna = await member(meeting, 'anna');
    await shows(meeting, anna);
    const bert = await member(meeting, 'bert');
    await shows(meeting, anna, bert);
    await control.stop();
    await media.end(anna, 'unpublished');
    await control.startAgain();
    await control.post(`/v1/conferences/${meeting.id}/leave`, { userId: 'anna' });
    await shows(meeting, bert);
    await control.delete(`/v1/conferences/${meeting.id}`);
    await shows(meeting);
    await channelGone(meeting);
  });

  it('are watched no more when their channel is deleted; the talk goes on', async () => {
    const meeting = await make();
    await shows(meeting, await member(meeting, 'anna'));
    assert.equal((await control.delete(`/v1/channels/${meeting.channel?.id}`)).status, 204);
    const second = await member(meeting, 'bert');
    await shows(meeting);
    const { body } = await control.get<Conference>(`/v1/conferences/${meeting.id}`);
    assert.deepEqual([body.channel, body.state, body.members.at(-1)?.stream], [null, 'open', second]);
    await control.delete(`/v1/conferences/${meeting.id}`);
  });

  it('show nothing of a later conference of the same id, which was not made to be watched', async () => {
    const meeting = await make({ id: 'again' });
    await shows(meeting, await member(meeting, 'anna'));
    await control.delete('/v1/conferences/again');
    const secret = await make({ id: 'again', watchable: false });
    const stream = await member(secret, 'carl');
    assert.ok(!shown(meeting).includes(stream));
    await channelGone(meeting);
    await shows(meeting);
    assert.equal((await control.get<Conference>('/v1/conferences/again')).body.channel, null);
    await control.delete('/v1/conferences/again');
  });

  it('need a channel of the account: without one they are not made', async () => {
    await control.patch('/v1/accounts/default', { channelQuota: 0 });
    const answer = await control.post('/v1/conferences', { id: 'none', watchable: true });
    assert.equal(answer.body.error.name, 'CHANNEL_QUOTA_EXCEEDED');
    assert.equal((await control.get<Conference>('/v1/conferences/none')).body.state, 'ended');
    await control.patch('/v1/accounts/default', { channelQuota: 10 });
  });
});
