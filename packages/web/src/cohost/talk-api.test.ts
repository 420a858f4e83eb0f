import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import { TalkApi } from './talk-api.ts';

const join = (version: number): ConferenceJoin => ({
  conferenceId: 'conf_1',
  version,
  members: [],
  viewers: 0,
  userId: 'bo',
  token: 't',
  stream: 'cf-1',
  owner: false,
  publish: { whip: 'http://x/live/cf-1.whip', rtmp: 'rtmp://x/live/cf-1' },
  iceServers: [],
});
const nothing = async () => null;
const signal = () => new AbortController().signal;

describe('a talk', () => {
  test('lets a guest publish, and an anchor not: it is seen by its own stream', async () => {
    const [guest, anchor] = [
      await new TalkApi(join(1), true, nothing).join(),
      await new TalkApi(join(1), false, nothing).join(),
    ];
    assert.ok(guest.ok && guest.value.publish);
    assert.ok(anchor.ok && anchor.value.publish === null);
  });

  test('gives news when they come, and at once those that came meanwhile', async () => {
    const api = new TalkApi(join(1), true, nothing);
    await api.join();
    const waiting = api.news('', '', 1, signal());
    api.update(join(2));
    const first = await waiting;
    assert.equal(first.ok && first.value.version, 2);
    api.update(join(3));
    const second = await api.news('', '', 2, signal());
    assert.equal(second.ok && second.value.version, 3);
  });

  test('that is joined again gives addresses of now: those of before may be too old', async () => {
    let fresh: ConferenceJoin | null = join(1);
    const api = new TalkApi(join(1), true, async () => fresh && { ...fresh, token: 'fresh' });
    const tokenOf = async () => {
      const answer = await api.join();
      return answer.ok && answer.value.token;
    };
    assert.equal(await tokenOf(), 't');
    assert.equal(await tokenOf(), 'fresh');
    fresh = null;
    assert.equal(await tokenOf(), 'fresh', 'the newest there is');
  });

  test('stops waiting when it is over', async () => {
    const api = new TalkApi(join(1), true, nothing);
    await api.join();
    const closing = new AbortController();
    const waiting = api.news('', '', 1, closing.signal);
    closing.abort();
    assert.ok((await waiting).ok);
  });
});
