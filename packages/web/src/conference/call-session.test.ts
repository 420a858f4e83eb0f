import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { CallState, ConferenceJoin, ConferenceMember } from '@lianmai/contract/rest';
import type { CallAnswer, CallApi, Identity, Muted } from '../conference/api.ts';
import { FakePage } from '../player/testing.ts';
import type { LinkOptions } from '../rtc/link.ts';
import { settled } from '../rtc/testing.ts';
import { type CallNews, CallSession } from './call-session.ts';

const member = (userId: string, changes: Partial<ConferenceMember> = {}): ConferenceMember => ({
  userId,
  nickname: userId.toUpperCase(),
  owner: userId === 'me',
  state: 'on-air',
  muted: { audio: false, video: false },
  stream: `cf-${userId}`,
  play: { whep: `http://live.test:8080/live/cf-${userId}.whep?token=t`, flv: '', rtmp: '' },
  ...changes,
});

/** A server with one call, and what it was asked. */
class FakeCall implements CallApi {
  members = [member('me', { state: 'joining' })];
  version = 1;
  /** Of the publish address: another after a while. */
  tokens = '';
  readonly joins: (Identity | null)[] = [];
  readonly left: string[] = [];
  readonly mutes: { target: string | null; muted: Partial<Muted> }[] = [];
  /** Joins are answered with it, once each, before they succeed. */
  joinProblems: CallAnswer<never>[] = [];
  #answer: ((answer: CallAnswer<CallState>) => void) | null = null;

  async join(_: string, __: string, identity: Identity | null): Promise<CallAnswer<ConferenceJoin>> {
    this.joins.push(identity);
    const problem = this.joinProblems.shift();
    if (problem) return problem;
    const publish = { whip: `http://live.test:8080/live/cf-me.whip?token=p${this.tokens}`, rtmp: '' };
    return { ok: true, value: { ...this.state(), userId: 'me', stream: 'cf-me', publish, iceServers: [] } };
  }

  news(_: string, __: string, ___: number, signal: AbortSignal): Promise<CallAnswer<CallState>> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      signal.addEventListener('abort', () => resolve(AWAY));
    });
  }

  leave(_: string, { userId }: Identity): void {
    this.left.push(userId);
  }

  async mute(_: string, __: Identity, target: string | null, muted: Partial<Muted>): Promise<CallAnswer<undefined>> {
    this.mutes.push({ target, muted });
    return { ok: true, value: undefined };
  }

  async kick(): Promise<CallAnswer<undefined>> {
    return { ok: true, value: undefined };
  }

  state(): CallState {
    const { version, members } = this;
    return { conferenceId: 'talk', version, members, viewers: 0, token: 'token', owner: true };
  }

  /** The news that are waited for. */
  async answer(answer: CallAnswer<CallState>): Promise<void> {
    this.#answer?.(answer);
    await settled();
  }

  async become(...members: ConferenceMember[]): Promise<void> {
    this.members = members;
    this.version++;
    await this.answer({ ok: true, value: this.state() });
  }
}

const refused = (name: string): CallAnswer<never> => ({
  ok: false,
  problem: { kind: 'refused', name, message: `it is ${name}` },
});
const AWAY: CallAnswer<never> = { ok: false, problem: { kind: 'away' } };

/** WHIP and WHEP sessions that do nothing but be there. */
class FakeLink {
  readonly freshAddress: LinkOptions['freshAddress'];
  state: 'connecting' | 'connected' = 'connected';
  wasConnected = true;
  peer = null;
  hurried = 0;
  address: string;

  constructor({ address, freshAddress }: Pick<LinkOptions, 'address' | 'freshAddress'>) {
    this.address = address;
    this.freshAddress = freshAddress;
  }

  hurry(): void {
    this.hurried++;
  }
}

let server: FakeCall;
let page: FakePage;
let news: CallNews[];
let remembered: (Identity | null)[];
let open: string[];
let links: Map<string, FakeLink>;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  server = new FakeCall();
  page = new FakePage();
  news = [];
  remembered = [];
  open = [];
  links = new Map();
});
afterEach(() => mock.timers.reset());

function session(identity: Identity | null = null): CallSession {
  const opened = (options: Pick<LinkOptions, 'address' | 'freshAddress'>) => {
    const { address } = options;
    open.push(address);
    const link = new FakeLink(options);
    links.set(address, link);
    return { link, close: () => (open = open.filter((one) => one !== address)) };
  };
  return new CallSession({
    conference: 'talk',
    nickname: 'Me',
    identity,
    api: server,
    media: {
      tracks: {} as { audio: MediaStreamTrack; video: MediaStreamTrack },
      muted: { audio: false, video: false },
      snapshot: { screen: false },
    },
    openPublisher: (options) => ({ ...opened(options), replace: () => undefined, limitVideo: () => undefined }),
    openViewer: (options) => ({ ...opened(options), media: {} as MediaStream }),
    page,
    remember: (identity) => remembered.push(identity),
    tell: (one) => news.push(one),
    overruled: () => undefined,
    random: () => 0,
  });
}

async function inCall(): Promise<CallSession> {
  const joined = session();
  await settled();
  return joined;
}

const names = (call: CallSession) => call.snapshot.others.map(({ nickname }) => nickname);

describe('joining', () => {
  test('publishes on the page’s own origin, and remembers who one is', async () => {
    const call = await inCall();
    assert.equal(call.snapshot.phase, 'in');
    assert.equal(call.snapshot.self.owner, true);
    assert.deepEqual(open, ['/live/cf-me.whip?token=p']);
    assert.deepEqual(remembered, [{ userId: 'me', token: 'token' }]);
    call.close();
  });

  test('is tried again while the server is away', async () => {
    server.joinProblems = [AWAY, AWAY];
    const call = await inCall();
    assert.equal(call.snapshot.trouble, 'away');
    mock.timers.tick(250);
    await settled();
    mock.timers.tick(500);
    await settled();
    assert.equal(call.snapshot.phase, 'in');
    assert.equal(call.snapshot.trouble, null);
    call.close();
  });

  test('forgets who one was in a call that is over', async () => {
    server.joinProblems = [refused('BAD_SIGNATURE')];
    const old = { userId: 'old', token: 'old' };
    const call = session(old);
    await settled();
    assert.deepEqual(server.joins, [old, null]);
    assert.equal(call.snapshot.phase, 'in');
    call.close();
  });

  for (const [name, reason] of [
    ['CONFERENCE_FULL', 'full'],
    ['MEMBER_KICKED', 'kicked'],
    ['CONFERENCE_ENDED', 'ended'],
    ['FORBIDDEN', 'closed'],
  ] as const) {
    test(`is over when the server says ${name}`, async () => {
      server.joinProblems = [refused(name)];
      const call = await inCall();
      assert.deepEqual(call.snapshot.end, { reason, message: `it is ${name}` });
      call.close();
      assert.deepEqual(server.left, [], 'there is nothing to leave');
    });
  }
});

describe('the others', () => {
  test('are received as soon as they send, and not after they left', async () => {
    const call = await inCall();
    await server.become(member('me'), member('bo', { state: 'joining' }));
    assert.deepEqual(names(call), ['BO']);
    assert.equal(open.length, 1);
    await server.become(member('me'), member('bo'));
    assert.deepEqual(open, ['/live/cf-me.whip?token=p', '/live/cf-bo.whep?token=t']);
    assert.equal(call.snapshot.others[0]?.state, 'picture');
    await server.become(member('me'));
    assert.deepEqual(open, ['/live/cf-me.whip?token=p']);
    assert.deepEqual(news, [
      { type: 'joined', nickname: 'BO' },
      { type: 'left', nickname: 'BO' },
    ]);
    call.close();
  });

  test('are still received when their video is gone: it may come back', async () => {
    const call = await inCall();
    await server.become(member('me'), member('bo'));
    await server.become(member('me'), member('bo', { state: 'video-gone' }));
    assert.equal(open.length, 2);
    assert.equal(call.snapshot.others[0]?.state, 'gone');
    assert.equal(call.snapshot.others[0]?.bars, 0);
    call.close();
  });

  test('stay while the server can’t be asked', async () => {
    const call = await inCall();
    await server.become(member('me'), member('bo'));
    await server.answer(AWAY);
    assert.equal(call.snapshot.trouble, 'away');
    assert.deepEqual(names(call), ['BO']);
    mock.timers.tick(250);
    await settled();
    await server.become(member('me'), member('bo'));
    assert.equal(call.snapshot.trouble, null);
    call.close();
  });

  test('are connected to at once when the network is back', async () => {
    const call = await inCall();
    await server.become(member('me'), member('bo'));
    page.goOnline(false);
    assert.equal(call.snapshot.trouble, 'offline');
    page.goOnline(true);
    assert.deepEqual(
      [...links.values()].map(({ hurried }) => hurried),
      [1, 1],
    );
    call.close();
  });
});

describe('after a day, when the addresses are too old for another session,', () => {
  const DAY_MS = 86_400_000;

  test('one joins again as the same member, for those of all links, once', async (t) => {
    const call = await inCall();
    await server.become(member('me'), member('bo'));
    const [own, bo] = [...links.values()];
    let nowMs = performance.now() + DAY_MS;
    t.mock.method(performance, 'now', () => nowMs);
    server.tokens = '2';
    server.members = [
      member('me'),
      member('bo', { play: { whep: 'http://live.test:8080/live/cf-bo.whep?token=t2', flv: '', rtmp: '' } }),
    ];
    assert.deepEqual(await Promise.all([own?.freshAddress?.(), bo?.freshAddress?.()]), [null, null]);
    assert.deepEqual(server.joins, [null, { userId: 'me', token: 'token' }]);
    assert.deepEqual([own?.address, bo?.address], ['/live/cf-me.whip?token=p2', '/live/cf-bo.whep?token=t2']);
    assert.equal(open.length, 2, 'the sessions that are there go on');
    assert.equal(call.snapshot.phase, 'in');

    nowMs += 30_000;
    assert.equal(await own?.freshAddress?.(), null);
    assert.equal(server.joins.length, 2, 'addresses that are new are not at fault');
    await server.become(member('me'));
    assert.deepEqual(names(call), [], 'the news are followed as before');
    call.close();
  });

  test('one that was kicked meanwhile learns it', async (t) => {
    const call = await inCall();
    const [own] = [...links.values()];
    const nowMs = performance.now() + DAY_MS;
    t.mock.method(performance, 'now', () => nowMs);
    server.joinProblems = [refused('MEMBER_KICKED')];
    void own?.freshAddress?.();
    await settled();
    assert.equal(call.snapshot.end?.reason, 'kicked');
    call.close();
  });
});

describe('the end', () => {
  test('is said to the server when one leaves, once, and forgotten here', async () => {
    const call = await inCall();
    await server.become(member('me'), member('bo'));
    call.leave();
    call.leave();
    call.close();
    assert.equal(call.snapshot.end?.reason, 'left');
    assert.deepEqual(server.left, ['me']);
    assert.deepEqual(open, []);
    assert.equal(remembered.at(-1), null);
  });

  test('comes with a kick', async () => {
    const call = await inCall();
    await server.answer(refused('MEMBER_KICKED'));
    assert.equal(call.snapshot.end?.reason, 'kicked');
    assert.deepEqual(open, []);
    assert.deepEqual(server.left, []);
    call.close();
  });

  test('does not come with a long silence: one joins again as the same member', async () => {
    const call = await inCall();
    await server.answer(refused('NOT_A_MEMBER'));
    mock.timers.tick(2_000);
    await settled();
    assert.deepEqual(server.joins, [null, { userId: 'me', token: 'token' }]);
    assert.equal(call.snapshot.phase, 'in');
    call.close();
  });

  test('is said to the server when one left before it had answered', async () => {
    const call = session();
    call.leave();
    await settled();
    assert.deepEqual(server.left, ['me']);
  });
});

test('the owner mutes others', async () => {
  const call = await inCall();
  await server.become(member('me'), member('bo'));
  call.mute('bo', { audio: true });
  assert.deepEqual(server.mutes, [{ target: 'bo', muted: { audio: true } }]);
  call.close();
});
