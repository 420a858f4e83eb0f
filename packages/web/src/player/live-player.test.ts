import assert from 'node:assert/strict';
import { describe, mock, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { LivePlayer } from './live-player.ts';
import type { StreamStatus } from './player.ts';
import { FakeEngines, FakePage, FakeVideo } from './testing.ts';

const LIVE: StreamStatus = { is: 'live', codecs: { video: 'h264', audio: 'aac' } };
const INTERRUPTED: StreamStatus = { is: 'interrupted', codecs: { video: 'h264', audio: 'aac' } };

/** A player with everything around it in the test's hands; timers too. */
function start(t: TestContext, { query = '' } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const video = new FakeVideo();
  const engines = new FakeEngines();
  const page = new FakePage();
  const askStatus = mock.fn();
  const holdPicture = mock.fn();
  const freshQuery = mock.fn(async (): Promise<string | null> => null);
  const player = new LivePlayer({
    video: video as unknown as HTMLVideoElement,
    stream: 'show',
    query,
    freshQuery,
    wish: 'auto',
    muted: false,
    volume: 1,
    browser: {
      mediaSource: 'full',
      streamingFetch: true,
      webSocket: true,
      webRtc: false,
      nativeHls: false,
      decodes: (mime) => !/hvc1|hev1/.test(mime),
      decodesNatively: () => false,
      decodesByRtc: () => false,
    },
    page,
    openEngine: engines.open,
    askStatus,
    holdPicture,
    random: () => 1,
  });
  t.after(() => player.close());
  const wait = async (ms: number) => {
    t.mock.timers.tick(ms);
    await turn();
  };
  const play = async () => {
    player.streamIs(LIVE);
    await turn();
    video.show();
  };
  const refuse = async () => {
    engines.events?.failed({ reason: 'forbidden', detail: '403' });
    await turn();
  };
  const state = () => player.snapshot.state;
  return { player, video, engines, page, askStatus, holdPicture, freshQuery, wait, play, refuse, state };
}

describe('a live stream', () => {
  test('is opened once the server says it is live, and plays with the first picture', async (t) => {
    const { player, video, engines, state } = start(t);
    assert.equal(state(), 'connecting');
    player.streamIs(LIVE);
    await turn();
    assert.deepEqual(engines.opened, ['flv']);
    assert.equal(state(), 'connecting');
    video.show();
    assert.equal(state(), 'playing');
    assert.deepEqual(player.snapshot.size, { width: 1280, height: 720 });
  });

  test('that is not live yet is waited for, and starts by itself', async (t) => {
    const { player, engines, play, state } = start(t);
    player.streamIs({ is: 'off' });
    assert.equal(state(), 'waiting');
    assert.deepEqual(engines.opened, []);
    await play();
    assert.equal(state(), 'playing');
  });

  test('is tried without the word of the server, when that cannot be asked', async (t) => {
    const { player, engines } = start(t);
    player.streamIs({ is: 'unreachable' });
    await turn();
    assert.deepEqual(engines.opened, ['flv']);
  });

  test('is opened once, however often it is said to be live', async (t) => {
    const { player, engines, play } = start(t);
    await play();
    player.streamIs(LIVE);
    player.streamIs(LIVE);
    await turn();
    assert.deepEqual(engines.opened, ['flv']);
  });
});

describe('a lost publisher', () => {
  test('is told as such, the connection stays, and the picture goes on', async (t) => {
    const { player, video, engines, askStatus, play, state, wait } = start(t);
    await play();
    video.runDry();
    assert.equal(state(), 'buffering');
    assert.equal(askStatus.mock.callCount(), 1);
    player.streamIs(INTERRUPTED);
    assert.equal(state(), 'interrupted');
    await wait(9_000);
    assert.deepEqual(engines.opened, ['flv']);
    video.show();
    assert.equal(state(), 'playing');
  });

  test('that is back without its picture gets a new connection', async (t) => {
    const { player, video, engines, play, wait } = start(t);
    await play();
    video.runDry();
    player.streamIs(INTERRUPTED);
    player.streamIs(LIVE);
    await wait(4_000);
    await wait(500);
    assert.equal(engines.opened.length, 2);
  });

  test('that does not come back ends the stream; when it starts again, so does the picture', async (t) => {
    const { player, video, engines, holdPicture, play, state } = start(t);
    await play();
    video.runDry();
    player.streamIs({ is: 'off' });
    assert.equal(state(), 'ended');
    assert.equal(engines.closed, 1);
    assert.equal(holdPicture.mock.callCount(), 1);
    await play();
    assert.equal(state(), 'playing');
    assert.equal(engines.opened.length, 2);
  });
});

describe('a goodbye', () => {
  test('plays out what is buffered, then ends', async (t) => {
    const { player, video, engines, play, state } = start(t);
    await play();
    engines.events?.finished();
    player.streamIs({ is: 'ended' });
    assert.equal(state(), 'playing');
    assert.equal(engines.closed, 0);
    video.tell('ended');
    assert.equal(state(), 'ended');
    assert.equal(engines.closed, 1);
  });

  test('of a server that restarts is none: it is asked again and reopened', async (t) => {
    const { video, engines, askStatus, play, state, wait } = start(t);
    await play();
    engines.events?.finished();
    video.tell('ended');
    assert.ok(askStatus.mock.callCount() > 0);
    assert.equal(state(), 'connecting');
    await wait(500);
    assert.equal(engines.opened.length, 2);
  });
});

describe('a broken connection', () => {
  test('is opened again after waits that grow', async (t) => {
    const { player, engines, play, wait } = start(t);
    await play();
    for (const [attempt, ms] of [500, 1000, 2000].entries()) {
      engines.events?.failed({ reason: 'network', detail: 'reset' });
      assert.equal(player.snapshot.attempt, attempt + 1);
      assert.equal(player.snapshot.problem?.reason, 'network');
      await wait(ms - 1);
      assert.equal(engines.opened.length, attempt + 1);
      await wait(1);
      assert.equal(engines.opened.length, attempt + 2);
    }
    assert.deepEqual(new Set(engines.opened), new Set(['flv']));
  });

  test('is forgotten after ten good seconds', async (t) => {
    const { player, video, engines, play, wait } = start(t);
    await play();
    engines.events?.failed({ reason: 'network', detail: 'reset' });
    await wait(500);
    video.show();
    assert.equal(player.snapshot.problem, null);
    for (let s = 0; s < 10; s++) {
      video.currentTime++;
      await wait(1_000);
    }
    assert.equal(player.snapshot.attempt, 0);
  });

  test('is opened at once when the network is back', async (t) => {
    const { engines, page, play, wait, state } = start(t);
    await play();
    page.goOnline(false);
    for (let i = 0; i < 5; i++) {
      engines.events?.failed({ reason: 'network', detail: 'offline' });
      await wait(10_000);
    }
    engines.events?.failed({ reason: 'network', detail: 'offline' });
    assert.equal(state(), 'offline');
    const before = engines.opened.length;
    page.goOnline(true);
    await wait(500);
    assert.equal(engines.opened.length, before + 1);
  });

  test('that nobody noticed is noticed by the picture standing still', async (t) => {
    const { video, engines, play, wait } = start(t);
    await play();
    video.runDry();
    await wait(8_000);
    await wait(500);
    assert.equal(engines.opened.length, 2);
  });

  test('with no picture at all gives way to the next engine', async (t) => {
    const { player, engines, wait } = start(t);
    player.streamIs(LIVE);
    await turn();
    await wait(10_000);
    await wait(500);
    assert.deepEqual(engines.opened, ['flv', 'ws-flv']);
  });
});

describe('what trying again does not cure', () => {
  test('a missing signature stops it, until the viewer asks', async (t) => {
    const { player, engines, play, refuse, state, wait } = start(t);
    await play();
    await refuse();
    assert.equal(state(), 'failed');
    assert.equal(player.snapshot.problem?.reason, 'forbidden');
    await wait(60_000);
    assert.equal(engines.opened.length, 1);
    player.retry();
    await turn();
    assert.equal(engines.opened.length, 2);
  });

  test('a codec nobody decodes is named without opening anything', async (t) => {
    const { player, engines, state } = start(t);
    player.streamIs({ is: 'live', codecs: { video: 'h265', audio: 'aac' } });
    await turn();
    assert.equal(state(), 'failed');
    assert.deepEqual(player.snapshot.problem, { reason: 'codec', detail: 'h265' });
    assert.deepEqual(engines.opened, []);
  });

  test('and plays when the publisher changes to another', async (t) => {
    const { player, play, state } = start(t);
    player.streamIs({ is: 'live', codecs: { video: 'h265', audio: 'aac' } });
    await play();
    assert.equal(state(), 'playing');
  });

  test('a library that cannot be loaded is tried again', async (t) => {
    const { player, engines, wait } = start(t);
    engines.missing = new Error('chunk');
    player.streamIs(LIVE);
    await turn();
    assert.equal(player.snapshot.problem?.reason, 'library');
    engines.missing = null;
    await wait(500);
    assert.deepEqual(engines.opened, ['flv']);
  });
});

describe('a play address that is refused', () => {
  const OLD = '?txSecret=a&txTime=5C271099';
  const NEW = '?txSecret=b&txTime=FFFFFFFF';

  test('is asked for anew, and the picture goes on', async (t) => {
    const { video, engines, freshQuery, play, refuse, state, wait } = start(t, { query: OLD });
    freshQuery.mock.mockImplementation(async () => NEW);
    await play();
    await refuse();
    assert.equal(state(), 'connecting');
    await wait(500);
    video.show();
    assert.equal(state(), 'playing');
    assert.deepEqual(engines.queries, [OLD, NEW]);
  });

  test('is waited for before anything is opened again', async (t) => {
    const { engines, freshQuery, play, refuse, wait } = start(t, { query: OLD });
    const { promise, resolve } = Promise.withResolvers<string>();
    freshQuery.mock.mockImplementation(() => promise);
    await play();
    await refuse();
    await wait(60_000);
    assert.deepEqual(engines.queries, [OLD]);
    resolve(NEW);
    await turn();
    assert.deepEqual(engines.queries, [OLD, NEW]);
  });

  test('that nobody renews says that its time is up', async (t) => {
    const { player, engines, play, refuse, state, wait } = start(t, { query: OLD });
    await play();
    await refuse();
    assert.equal(state(), 'failed');
    assert.equal(player.snapshot.problem?.reason, 'expired');
    await wait(60_000);
    assert.deepEqual(engines.queries, [OLD]);
  });

  test('is renewed once: another that is refused, too, is told', async (t) => {
    const { player, engines, freshQuery, play, refuse, state, wait } = start(t, { query: OLD });
    let given = 0;
    freshQuery.mock.mockImplementation(async () => `${NEW}&no=${given++}`);
    await play();
    await refuse();
    await wait(500);
    await refuse();
    assert.equal(state(), 'failed');
    assert.equal(player.snapshot.problem?.reason, 'forbidden');
    player.retry();
    await turn();
    await refuse();
    await wait(500);
    assert.equal(given, 2, 'who tries again asks again');
    assert.equal(engines.queries.at(-1), `${NEW}&no=1`);
  });

  test('is asked for again as long as nobody answers', async (t) => {
    const { engines, freshQuery, play, refuse, state, wait } = start(t, { query: OLD });
    freshQuery.mock.mockImplementation(async () => Promise.reject(new Error('away')));
    await play();
    await refuse();
    await wait(500);
    await refuse();
    assert.equal(state(), 'connecting');
    freshQuery.mock.mockImplementation(async () => NEW);
    await wait(1_000);
    await refuse();
    await wait(2_000);
    assert.deepEqual(engines.queries, [OLD, OLD, OLD, NEW]);
  });
});

describe('the viewer', () => {
  test('pauses and goes on at the live edge', async (t) => {
    const { player, engines, play, state } = start(t);
    await play();
    player.pause();
    assert.equal(state(), 'paused');
    player.play();
    assert.equal(engines.jumps, 1);
    assert.equal(engines.opened.length, 1);
  });

  test('who pauses for long frees the connection, and gets a new one', async (t) => {
    const { player, engines, holdPicture, play, state, wait } = start(t);
    await play();
    player.pause();
    await wait(10_000);
    assert.equal(engines.closed, 1);
    assert.equal(holdPicture.mock.callCount(), 1);
    assert.equal(state(), 'paused');
    player.play();
    await turn();
    assert.equal(engines.opened.length, 2);
  });

  test('pauses by the keys of the device', async (t) => {
    const { video, play, state } = start(t);
    await play();
    video.pause();
    assert.equal(state(), 'paused');
  });

  test('who comes back to a page that the browser paused sees it play', async (t) => {
    const { video, page, play, state } = start(t);
    await play();
    page.hide(true);
    video.pause();
    page.hide(false);
    await turn();
    video.show();
    assert.equal(state(), 'playing');
  });

  test('changes the engine', async (t) => {
    const { player, engines, play } = start(t);
    await play();
    player.use('hls');
    await turn();
    assert.deepEqual(engines.opened, ['flv', 'hls']);
    assert.equal(engines.closed, 1);
    player.use('hls');
    assert.equal(player.snapshot.wish, 'hls');
    assert.equal(engines.opened.length, 2);
  });

  test('hears nothing where the browser insists, and is offered the sound', async (t) => {
    const { player, video, play } = start(t);
    video.refusal = (muted) => (muted ? null : new DOMException('no', 'NotAllowedError'));
    await play();
    await turn();
    assert.equal(player.snapshot.mutedByBrowser, true);
    player.setMuted(false);
    assert.equal(player.snapshot.mutedByBrowser, false);
    assert.equal(video.muted, false);
  });

  test('is asked for a touch where the browser wants one', async (t) => {
    const { player, video, state } = start(t);
    video.refusal = () => new DOMException('no', 'NotAllowedError');
    player.streamIs(LIVE);
    await turn();
    assert.equal(state(), 'blocked');
    video.refusal = () => null;
    player.play();
    await turn();
    video.show();
    assert.equal(state(), 'playing');
  });

  test('who turns the volume up from nothing hears something', async (t) => {
    const { player, video } = start(t);
    player.setVolume(0);
    assert.equal(player.snapshot.muted, true);
    player.setMuted(false);
    assert.ok(video.volume > 0);
    player.setVolume(7);
    assert.equal(player.snapshot.volume, 1);
  });
});

test('listeners hear of changes only, and of none after the end', async (t) => {
  const { player, engines, video, play } = start(t);
  const heard = mock.fn();
  player.subscribe(heard);
  await play();
  const before = heard.mock.callCount();
  video.tell('timeupdate');
  player.streamIs(LIVE);
  assert.equal(heard.mock.callCount(), before);
  player.close();
  player.close();
  player.streamIs({ is: 'off' });
  assert.equal(heard.mock.callCount(), before);
  assert.equal(engines.closed, 1);
});
