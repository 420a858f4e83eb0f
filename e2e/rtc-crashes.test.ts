import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { lobby, pictures, sees, shows } from './peers/call-page.ts';
import { Browser } from './peers/chromium.ts';
import { push } from './peers/ffmpeg.ts';
import { HostileRelay, Stranger } from './peers/hostile-relay.ts';
import { type Interruption, interruption } from './peers/interruption.ts';
import type { Program } from './peers/program.ts';
import { forgetGaps, whep, whepStats, whip } from './peers/webrtc-page.ts';
import type { ErrorAnswer } from './rest.ts';
import { until } from './until.ts';

/** 2 to 3 s on a quiet machine; it says how many it were. */
const BACK_WITHIN_MS = 10_000;
const SMALL = { width: 640, height: 480 };

let lianmai: Lianmai;
/** One for each page that is looked at: those in the background are not painted. */
let browsers: Record<'anna' | 'bo' | 'viewer', Browser>;

before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '0', 'publish-grace-ms': '10000' } });
  browsers = { anna: await Browser.start(), bo: await Browser.start(), viewer: await Browser.start() };
});
after(async () => {
  for (const browser of Object.values(browsers ?? {})) await browser[Symbol.asyncDispose]();
  await lianmai?.stop();
});

const isLive = async (id: string) => (await lianmai.rest.channel(id)).state === 'live';

type Interruptions = Record<string, Interruption>;

/** What the pages' pictures are interrupted by from now on. */
async function interruptions(
  watched: Record<string, () => Promise<number | null>>,
  calmMs = 3_000,
): Promise<Interruptions> {
  const entries = Object.entries(watched).map(
    async ([name, pictures]) => [name, await interruption(name, pictures, { calmMs })] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Says how long they were, and that it was not too long. */
function checked(t: TestContext, worker: string, found: Interruptions): void {
  const told = Object.entries(found).map(
    ([who, { longestMs, totalMs }]) => `${who} ${longestMs} ms (${totalMs} in all)`,
  );
  t.diagnostic(`${worker} killed, without a picture: ${told.join(', ')}`);
  for (const [who, { longestMs }] of Object.entries(found))
    assert.ok(longestMs < BACK_WITHIN_MS, `${who}: ${longestMs} ms`);
}

const decoded = (page: Page) =>
  page.evaluate(() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? null);

/** Pushes by RTMP, and connects again as OBS does, until it is disposed of. */
function pushAgainAndAgain(url: string): AsyncDisposable {
  let encoder: Program = push(url, { size: '320x240' });
  const again = setInterval(() => {
    if (!encoder.running) encoder = push(url, { size: '320x240' });
  }, 200);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(again);
      await encoder[Symbol.asyncDispose]();
    },
  };
}

describe('a media worker killed while browsers publish and play', () => {
  it('the pages come back by themselves, whichever worker it was', async (t) => {
    const url = `${lianmai.http}/call/talk?lang=en`;
    const [anna, bo] = [await lobby(browsers.anna, url, 'Anna', SMALL), await lobby(browsers.bo, url, 'Bo', SMALL)];
    for (const page of [anna, bo]) await page.getByRole('button', { name: 'Join' }).click();
    await Promise.all([sees(anna, 'Bo', 25), sees(bo, 'Anna', 25)]);
    for (const worker of ['edge-0', 'edge-1']) {
      const watching = interruptions({ anna: () => pictures(anna, 'Bo'), bo: () => pictures(bo, 'Anna') });
      await lianmai.killAndAwaitReturn(worker);
      checked(t, worker, await watching);
    }
    for (const page of [anna, bo]) await page.close();
  });

  for (const [player, calmMs] of [
    ['whep', 3_000],
    ['flv', 4_000],
    ['ws-flv', 4_000],
    ['hls', 7_000],
  ] as const)
    it(`viewers by ${player} go on, whichever worker it was`, async (t) => {
      const channel = await lianmai.rest.createChannel(`show-${player}`);
      await using _encoder = pushAgainAndAgain(channel.push.rtmp);
      await until('live', () => isLive(channel.id));
      const viewer = await browsers.viewer.open(`${lianmai.http}/watch/show-${player}?player=${player}&lang=en`, SMALL);
      await shows(viewer, 25);
      for (const worker of ['edge-0', 'edge-1']) {
        const watching = interruptions({ viewer: () => decoded(viewer) }, calmMs);
        await lianmai.killAndAwaitReturn(worker);
        checked(t, worker, await watching);
      }
      await viewer.close();
    });
});

it('a publisher that pauses makes no viewer connect again, and next to none ask', async (t) => {
  const channel = await lianmai.rest.createChannel('pausing');
  await using encoder = push(channel.push.rtmp, { size: '320x240' });
  await until('live', () => isLive(channel.id));
  const viewer = await browsers.viewer.open(`${lianmai.http}/watch/pausing?player=whep&lang=en`, SMALL);
  await shows(viewer, 25);
  const asked = { POST: 0, PATCH: 0 };
  viewer.on('request', (request) => {
    const method = request.method() as keyof typeof asked;
    if (request.url().includes('.whep') && method in asked) asked[method]++;
  });
  encoder.kill('SIGSTOP');
  await until('silent for 3 s', async () => (await lianmai.rest.channel(channel.id)).state === 'interrupted');
  encoder.kill('SIGCONT');
  await shows(viewer, 25);
  t.diagnostic(`asked ${asked.PATCH} times whether the session is there`);
  assert.equal(asked.POST, 0);
  // None on a quiet machine.
  assert.ok(asked.PATCH <= 2, `${asked.PATCH}`);
  await viewer.close();
});

describe('hostile bytes on the UDP ports', () => {
  it('a call goes on: garbage from strangers, and damaged, replayed and oversized packets from its own address', async (t) => {
    const workers = new Map([...lianmai.processes()].filter(([name]) => name.startsWith('edge')));
    const memoryMb = lianmai.workersMemoryMb();
    const channel = await lianmai.rest.createChannel('attacked');
    const ports = [lianmai.rtcPort, lianmai.rtcPort + 1];
    await using closing = new AsyncDisposableStack();
    const stranger = closing.use(await Stranger.start(ports));
    const relayed = async () => {
      const relays: HostileRelay[] = [];
      for (const port of ports) relays.push(closing.use(await HostileRelay.start(port)));
      return { relays, via: Object.fromEntries(relays.map((relay, i) => [ports[i] ?? 0, relay.port])) };
    };
    const [up, down] = [await relayed(), await relayed()];
    const publisher = await browsers.anna.open(`${lianmai.http}/healthz`, SMALL);
    const whipUrl = `${lianmai.http}/live/attacked.whip${new URL(channel.push.rtmp).search}`;
    assert.equal((await whip(publisher, whipUrl, { via: up.via })).status, 201);
    await until('live', () => isLive(channel.id));
    const viewer = await browsers.bo.open(`${lianmai.http}/healthz`, SMALL);
    const play = () => whep(viewer, `${lianmai.http}/live/attacked.whep`, { via: down.via });
    await until('it plays', async () => (await play()).status === 201);
    await plays(viewer, 25);
    await forgetGaps(viewer);
    for (const relay of [...up.relays, ...down.relays]) relay.hostile = true;
    await plays(viewer, 150);
    const { longestGapMs, connection } = await whepStats(viewer);
    const attacks = [...up.relays, ...down.relays].reduce((sum, { sent }) => sum + sent, 0);
    const grownMb = lianmai.workersMemoryMb() - memoryMb;
    t.diagnostic(
      `${attacks} from its own address, ${stranger.sent} from strangers; ${Math.round(longestGapMs)} ms without a picture, ${Math.round(grownMb)} MB more`,
    );
    assert.ok(attacks > 1000 && stranger.sent > 1000);
    assert.equal(connection, 'connected');
    assert.ok(longestGapMs < 3000, `${longestGapMs} ms without a picture`);
    assert.ok(grownMb < 120, `${grownMb} MB`);
    assert.equal((await fetch(`${lianmai.http}/healthz`)).status, 200);
    for (const [name, pid] of workers) assert.equal(lianmai.processes().get(name), pid, `${name} is the same`);
    await publisher.close();
    await viewer.close();
  });
});

describe('a flood of offers', () => {
  let offer: string;
  before(async () => {
    const page = await browsers.anna.open(`${lianmai.http}/healthz`, SMALL);
    offer = await page.evaluate(async () => {
      const peer = new RTCPeerConnection();
      peer.addTransceiver('video', { direction: 'recvonly' });
      await peer.setLocalDescription();
      const { sdp = '' } = peer.localDescription ?? {};
      peer.close();
      return sdp;
    });
    await page.close();
  });

  /** A server of one worker with these settings, and a stream that goes on whatever is offered. */
  async function flooded(settings: Record<string, string>) {
    const stack = new AsyncDisposableStack();
    const small = stack.use(await Lianmai.start({ workers: 1, settings: { mixers: '0', ...settings } }));
    const channel = await small.rest.createChannel('flooded');
    const encoder = stack.use(push(channel.push.rtmp, { size: '320x240' }));
    const isOn = async () => encoder.running && (await small.rest.channel(channel.id)).state === 'live';
    await until('live', isOn);
    const headers = { 'content-type': 'application/sdp' };
    const post = () => fetch(`${small.http}/live/flooded.whep`, { method: 'POST', body: offer, headers });
    const end = (session: string) => fetch(new URL(session, small.http), { method: 'DELETE' });
    const first = await until('it plays', async () => {
      const answer = await post();
      await answer.text();
      return answer.headers.get('location');
    });
    return { small, isOn, post, end, first, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  it('is refused in words past the limit of its address; who is in stays, and there is room again after', async () => {
    const limit = 40;
    await using server = await flooded({ 'max-connections-per-ip': String(limit) });
    const sessions = [server.first];
    const refusals: ErrorAnswer['error'][] = [];
    for (let i = 0; i < 3 * limit; i++) {
      const answer = await server.post();
      if (answer.status === 201) sessions.push(answer.headers.get('location') ?? '');
      else refusals.push(((await answer.json()) as ErrorAnswer).error);
    }
    assert.ok(sessions.length <= limit && refusals.length >= 2 * limit, `${sessions.length} and ${refusals.length}`);
    for (const { name, message } of refusals) {
      assert.equal(name, 'TOO_MANY_CONNECTIONS');
      assert.match(message, /too many connections: try again later/);
    }
    assert.ok(await server.isOn());
    for (const session of sessions) await server.end(session);
    assert.equal((await server.post()).status, 201);
  });

  it('that is faster than its address may be is told when to try again, and is let in then', async () => {
    const perSecond = 5;
    await using server = await flooded({ 'max-offers-per-ip': String(perSecond) });
    const startedMs = performance.now();
    let made = 0;
    let retryAfterS = 0;
    for (let i = 0; i < 200; i++) {
      const answer = await server.post();
      const session = answer.headers.get('location');
      if (answer.status === 201) made++;
      else {
        const { error } = (await answer.json()) as ErrorAnswer;
        assert.deepEqual([answer.status, error.name], [429, 'RATE_LIMITED']);
        assert.match(error.message, /try again in \d+ s/);
        retryAfterS = Number(answer.headers.get('retry-after'));
        assert.ok(retryAfterS >= 1);
      }
      if (session) await server.end(session);
    }
    const most = perSecond * (10 + (performance.now() - startedMs) / 1000);
    assert.ok(made <= most + 1, `${made} of at most ${most}`);
    assert.ok(retryAfterS > 0, 'some were refused');
    assert.equal((await fetch(new URL(server.first, server.small.http))).status, 200, 'the session of before is there');
    assert.ok(await server.isOn());
    await pause(retryAfterS * 1000);
    assert.equal((await server.post()).status, 201);
  });
});

/** Waits until so many more pictures were decoded. */
async function plays(page: Page, pictures: number): Promise<void> {
  const { framesDecoded } = await whepStats(page);
  await until(
    `${pictures} more pictures`,
    async () => (await whepStats(page)).framesDecoded >= framesDecoded + pictures,
    30_000,
  );
}
