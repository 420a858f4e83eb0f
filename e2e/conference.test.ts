import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { Browser } from './peers/chromium.ts';
import { decode, probe, push } from './peers/ffmpeg.ts';
import { FlvClient } from './peers/flv-client.ts';
import type { Program } from './peers/program.ts';
import { RtmpClient } from './peers/rtmp-client.ts';
import { whep, whepStats, whip } from './peers/webrtc-page.ts';
import type { ErrorAnswer } from './rest.ts';
import { until } from './until.ts';

/** The promise is 15 s after the last packet; what a busy machine needs besides. */
const VIDEO_GONE_WITHIN_MS = 40_000;
const SLOW_MS = 60_000;

interface Member {
  userId: string;
  stream: string;
  state: 'joining' | 'on-air' | 'video-gone';
  play: { whep: string; flv: string; rtmp: string };
}
interface Join {
  stream: string;
  token: string;
  publish: { whip: string; rtmp: string };
  members: Member[];
}
interface Conference {
  state: 'open' | 'ended';
  ownerId: string | null;
  members: { userId: string; state: Member['state'] }[];
}

let lianmai: Lianmai;
/** One for each person. */
let browsers: Record<'anna' | 'bo', Browser>;

before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '0', 'publish-grace-ms': '3000' } });
  browsers = { anna: await Browser.start(), bo: await Browser.start() };
});
after(async () => {
  for (const browser of Object.values(browsers ?? {})) await browser[Symbol.asyncDispose]();
  await lianmai?.stop();
});

const make = (id: string) => lianmai.rest.ok<Conference>('POST', '/v1/conferences', { id });
const conference = (id: string) => lianmai.rest.ok<Conference>('GET', `/v1/conferences/${id}`);
const join = (id: string, userId: string, more: object = {}) =>
  lianmai.rest.ok<Join>('POST', `/v1/conferences/${id}/join`, { userId, ...more });
const leave = (id: string, userId: string) => lianmai.rest.ok('POST', `/v1/conferences/${id}/leave`, { userId });
const blank = (browser: Browser) => browser.open(`${lianmai.http}/healthz`, { width: 640, height: 480 });

async function stateOf(id: string, userId: string): Promise<Member['state'] | 'away'> {
  const { members } = await conference(id);
  return members.find((member) => member.userId === userId)?.state ?? 'away';
}

/** What one member sees of the others; told anew by a join, which changes nothing for who is there. */
async function playOf(id: string, viewer: string, whom: string): Promise<Member['play']> {
  const { members } = await join(id, viewer);
  const member = members.find(({ userId }) => userId === whom);
  assert.ok(member, `${whom} is in it`);
  return member.play;
}

/** The status with which a page's offer was answered, and the error's name. */
async function offered(kind: 'whip' | 'whep', page: Page, url: string): Promise<string> {
  const { status, body } = await (kind === 'whip' ? whip : whep)(page, url);
  return status === 201 ? '201' : `${status} ${(JSON.parse(body) as ErrorAnswer).error.name}`;
}

async function flvStatus(url: string): Promise<number> {
  const stop = new AbortController();
  const { status } = await fetch(url, { signal: stop.signal });
  stop.abort();
  return status;
}

/** What happened in a conference, in its order. */
const events = (id: string) =>
  lianmai.log
    .filter(({ msg, conferenceId }) => conferenceId === id && msg.startsWith('conference '))
    .map(({ msg, userId }) => `${msg.slice('conference '.length)} ${userId ?? ''}`.trim());

/** Waits until so many more pictures were decoded. */
async function plays(page: Page, pictures: number): Promise<void> {
  const { framesDecoded } = await whepStats(page);
  await until(
    `${pictures} more pictures`,
    async () => (await whepStats(page)).framesDecoded >= framesDecoded + pictures,
    SLOW_MS,
  );
}

describe('a conference of two browsers and an encoder', () => {
  /** Where each browser sees a member, by `viewer<whom`. */
  const views = new Map<string, Page>();
  let cameras: Page[];
  let camera: Program;

  before(async () => {
    await make('three');
    cameras = [];
    for (const name of ['anna', 'bo'] as const) {
      const { publish } = await join('three', name);
      const page = await blank(browsers[name]);
      assert.equal(await offered('whip', page, publish.whip), '201');
      cameras.push(page);
    }
    const { publish } = await join('three', 'encoder');
    camera = push(publish.rtmp, { size: '320x240' });
    for (const userId of ['anna', 'bo', 'encoder'])
      await until(`${userId} is on air`, async () => (await stateOf('three', userId)) === 'on-air', SLOW_MS);
  });
  after(async () => {
    await camera[Symbol.asyncDispose]();
    for (const page of [...views.values(), ...cameras]) await page.close();
  });

  it('everybody on a browser plays everybody else, without a freeze count that grows', async () => {
    for (const viewer of ['anna', 'bo'] as const)
      for (const whom of ['anna', 'bo', 'encoder'].filter((name) => name !== viewer)) {
        const page = await blank(browsers[viewer]);
        const { whep } = await playOf('three', viewer, whom);
        await until(`${viewer} plays ${whom}`, async () => (await offered('whep', page, whep)) === '201', SLOW_MS);
        views.set(`${viewer}<${whom}`, page);
        await plays(page, 25);
      }
    // Pages in front of others are painted: each is looked at for itself.
    for (const [view, page] of views) {
      await page.bringToFront();
      await plays(page, 10);
      // A busy machine may hold up any one of them for a moment, not again and again.
      const now = await until(
        `${view}: 50 pictures without a freeze`,
        async () => {
          const { freezes } = await whepStats(page);
          await plays(page, 50);
          const later = await whepStats(page);
          return later.freezes === freezes && later;
        },
        SLOW_MS,
      );
      assert.equal(now.codec, 'video/H264');
      assert.ok(now.audioEnergy > 0, `${view} is heard`);
    }
  });

  it('the encoder gets the browsers by FLV and RTMP: H.264 and AAC', async () => {
    for (const whom of ['anna', 'bo']) {
      const { flv, rtmp } = await playOf('three', 'encoder', whom);
      // Sound is converted for it: a busy machine needs a while until the first of it is there.
      const codecs = await until(
        'it is probed',
        async () => (await probe(flv)).map(({ codec_name }) => codec_name),
        SLOW_MS,
      );
      assert.deepEqual(codecs.sort(), ['aac', 'h264']);
      for (const url of [flv, rtmp]) {
        const { videoFrames, audioFrames } = await until('it decodes', () => decode(url, 2), SLOW_MS);
        // A browser on a busy machine sends few pictures.
        assert.ok(videoFrames >= 10 && audioFrames >= 60, `${url}: ${videoFrames} and ${audioFrames}`);
      }
    }
  });

  it('what came to pass was told in its order', () => {
    assert.deepEqual(
      events('three').filter((event) => !event.startsWith('on-air')),
      ['created', 'joined anna', 'joined bo', 'joined encoder'],
    );
    for (const userId of ['anna', 'bo', 'encoder']) assert.ok(events('three').includes(`on-air ${userId}`), userId);
  });

  it('who is kicked is cut off at once, as publisher and as player, and comes back by none of its tokens', async () => {
    const { publish } = await join('three', 'bo');
    const play = await playOf('three', 'bo', 'anna');
    using flv = await until('it plays', () => FlvClient.open(play.flv), SLOW_MS);
    await flv.more(5, 9);
    await lianmai.rest.ok('POST', '/v1/conferences/three/members/bo/kick');
    const [own, seen] = [views.get('bo<anna'), views.get('anna<bo')];
    assert.ok(own && seen);
    assert.ok(await flv.ended(), 'FLV ends');
    for (const page of [own, seen])
      await until('no more pictures', async () => {
        const { framesDecoded } = await whepStats(page);
        await new Promise((resolve) => setTimeout(resolve, 500));
        return (await whepStats(page)).framesDecoded === framesDecoded;
      });
    const page = await blank(browsers.bo);
    assert.equal(await offered('whip', page, publish.whip), '403 MEMBER_KICKED');
    assert.match(await offered('whep', page, play.whep), /^403 /);
    assert.equal(await flvStatus(play.flv), 403);
    await page.close();
    await lianmai.logged('the event', ({ msg, userId }) => msg === 'conference kicked' && userId === 'bo');
  });

  it('an encoder whose packets stop is video-gone after 15 s; with its goodbye it has left at once', async (t) => {
    camera.kill('SIGSTOP');
    const fromMs = performance.now();
    await until('gone', async () => (await stateOf('three', 'encoder')) === 'video-gone', VIDEO_GONE_WITHIN_MS);
    const tookMs = performance.now() - fromMs;
    t.diagnostic(`told after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs > 14_000, `${tookMs} ms`);
    await camera[Symbol.asyncDispose]();
    const { publish } = await join('three', 'encoder');
    camera = push(publish.rtmp, { size: '320x240' });
    await until('on air again', async () => (await stateOf('three', 'encoder')) === 'on-air', SLOW_MS);
    camera.kill('SIGTERM');
    await until('left', async () => (await stateOf('three', 'encoder')) === 'away');
  });

  it('the last one out ends it', async () => {
    await leave('three', 'anna');
    assert.deepEqual(await conference('three').then(({ state, members }) => [state, members.length]), ['ended', 0]);
    assert.deepEqual(events('three').slice(-2), ['left anna', 'ended']);
    assert.equal((await lianmai.rest.call('POST', '/v1/conferences/three/join', { userId: 'anna' })).status, 410);
  });
});

describe('a member’s tokens', () => {
  it('open what the member may, and nothing else', async () => {
    await make('one');
    await make('other');
    const [anna, bo] = [await join('one', 'anna'), await join('one', 'bo')];
    const stranger = await join('other', 'cy');
    await using camera = push(anna.publish.rtmp, { size: '320x240' });
    await until('on air', async () => (await stateOf('one', 'anna')) === 'on-air', SLOW_MS);
    const page = await blank(browsers.anna);
    const live = `${lianmai.http}/live/${anna.stream}`;
    const query = (url: string) => new URL(url).search;

    // To publish: nobody into another's stream, be it of another conference or of the same.
    const free = `${lianmai.http}/live/${bo.stream}`;
    for (const search of [query(anna.publish.whip), query(stranger.publish.whip), '', '?token=x.y.z'])
      assert.match(await offered('whip', page, `${free}.whip${search}`), /^403 BAD_SIGNATURE/, search);
    for (const search of [query(bo.publish.whip), query(stranger.publish.whip), ''])
      assert.match(await offered('whip', page, `${live}.whip${search}`), /^403 BAD_SIGNATURE/, search);
    using rtmp = await RtmpClient.connect(lianmai.rtmpPort);
    const refusal = await rtmp.publish(`${bo.stream}${query(stranger.publish.rtmp)}`);
    assert.equal(refusal.code, 'NetStream.Publish.Unauthorized');

    // To play: members of this conference only; what only plays does not publish, what only publishes does not play.
    const play = await playOf('one', 'bo', 'anna');
    assert.equal(await flvStatus(play.flv), 200);
    const foreign = await playOf('other', 'cy', 'cy');
    for (const search of [query(foreign.flv), query(bo.publish.whip), `?token=${stranger.token}`, ''])
      assert.equal(await flvStatus(`${live}.flv${search}`), 403, search);
    assert.match(await offered('whip', page, `${lianmai.http}/live/${bo.stream}.whip${query(play.whep)}`), /^403 /);

    // After leaving: neither.
    using flv = await FlvClient.open(play.flv);
    await flv.more(5, 9);
    await leave('one', 'bo');
    assert.ok(await flv.ended(), 'who left is cut off');
    assert.match(await offered('whip', page, bo.publish.whip), /^403 /);
    assert.match(await offered('whep', page, play.whep), /^403 /);
    assert.equal(await flvStatus(play.flv), 403);
    assert.ok(camera.running, 'anna goes on');
    await leave('one', 'anna');
    await camera.ended();
    await page.close();
  });
});
