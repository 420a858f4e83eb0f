import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { Browser } from './peers/chromium.ts';
import { type ColourName, pushColour } from './peers/coloured.ts';
import { push } from './peers/ffmpeg.ts';
import { FlvClient, longestSteps, stepsBack } from './peers/flv-client.ts';
import { openMaster, readMedia } from './peers/hls-client.ts';
import { picturesOf, piecesOf, seenRight, watchPictures } from './peers/picture-log.ts';
import type { Program } from './peers/program.ts';
import { RtmpClient } from './peers/rtmp-client.ts';
import { whep, whepStats } from './peers/webrtc-page.ts';
import type { Channel } from './rest.ts';
import { until, within } from './until.ts';

const SMALL = { width: 640, height: 360, bitrateKbps: 800, preset: 'economy', transitionMs: 0 };
/** What the issue allows of interruption. */
const PICTURE_GAP_MS = 100;
const SOUND_GAP_MS = 60;
const PICTURE_MS = 40;
/** The channel's own sound lasts so long a frame (1024 samples at 44.1 kHz), the mix's shorter. */
const SOUND_FRAME_MS = 1024 / 44.1;

let lianmai: Lianmai;
let browser: Browser;
let red: Channel;
const channels = new Map<ColourName, Channel>();
const pushes: Program[] = [];

before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '2' } });
  for (const [colour, tone] of [
    ['red', 500],
    ['green', 900],
  ] as const) {
    const channel = await lianmai.rest.createChannel(colour);
    channels.set(colour, channel);
    pushes.push(pushColour(channel.push.rtmp, colour, tone));
    await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
  }
  red = channels.get('red')!;
  browser = await Browser.start();
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  for (const push of pushes) await push[Symbol.asyncDispose]();
  await lianmai?.stop();
});

/** Puts the mix of both, side by side, into a channel. */
const mixIn = ({ id }: Channel = red) =>
  lianmai.rest.ok<{ id: string }>('POST', '/v1/mixes', {
    inputs: ['red', 'green'],
    layout: 'side-by-side',
    output: { ...SMALL, channelId: id },
  });
/** Begins to play by WHEP; resolves with the first picture. */
async function playWhep(page: Page, stream: string, query = ''): Promise<void> {
  const { status } = await within(
    30_000,
    'a picture by WHEP',
    whep(page, `${lianmai.http}/live/${stream}.whep${query}`),
  );
  assert.equal(status, 201);
}

const mixOut = ({ id }: { id: string }) => lianmai.rest.ok('DELETE', `/v1/mixes/${id}`);
const longestStep = (ms: readonly number[]) => Math.max(0, ...ms.slice(1).map((at, i) => at - ms[i]!));
const configs = (tags: readonly { type: number; payload: Buffer }[], type: 8 | 9) =>
  tags.filter((tag) => tag.type === type && tag.payload[1] === 0).length;

/** A player of the server's own web app, or for `whep` one of the test's. */
async function openPlayer(name: string): Promise<{ page: Page; requests: string[] }> {
  const isWhep = name === 'whep';
  const page = await browser.open(isWhep ? `${lianmai.http}/healthz` : `${lianmai.http}/watch/red?player=${name}`);
  if (isWhep) await playWhep(page, 'red');
  await until(`${name} plays`, () => watchPictures(page));
  const requests: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  page.on('websocket', (socket) => requests.push(new URL(socket.url()).pathname));
  return { page, requests };
}

describe("viewers of a channel whose program changes from the anchor's own stream to a mix, and back", () => {
  it('by RTMP, HTTP-FLV and WebSocket-FLV: one connection, times that go on, no gap in picture or sound', async (t) => {
    using flv = await FlvClient.open(red.play.flv);
    using ws = await FlvClient.open(red.play.wsFlv);
    using rtmp = await RtmpClient.connect(lianmai.rtmpPort);
    await rtmp.play('red');
    const viewers = [
      { name: 'flv', tags: () => flv.tags, times: (type: 8 | 9) => flv.timestamps(type) },
      { name: 'ws-flv', tags: () => ws.tags, times: (type: 8 | 9) => ws.timestamps(type) },
      { name: 'rtmp', tags: () => rtmp.media, times: (type: 8 | 9) => rtmp.timestamps(type) },
    ];
    await flv.more(25, 9);
    const mix = await mixIn();
    await until('the mix has come', () => viewers.every(({ tags }) => configs(tags(), 9) === 2));
    await flv.more(50, 9);
    await mixOut(mix);
    await until('its own stream has come', () => viewers.every(({ tags }) => configs(tags(), 9) === 3));
    await flv.more(50, 9);
    for (const { name, tags, times } of viewers) {
      const [picture, sound] = [times(9), times(8)];
      assert.deepEqual([stepsBack(picture), stepsBack(sound)], [[], []], name);
      const [steps, heard] = [longestSteps(tags(), 9), longestSteps(tags(), 8)];
      // A machine with other work leaves pictures out of a mix; a change must not cost more than that does.
      const busyMs = Math.max(0, steps.elsewhereMs - PICTURE_MS, heard.elsewhereMs - SOUND_FRAME_MS);
      const soundGapMs = heard.atChangesMs - SOUND_FRAME_MS;
      const told = `the picture stood ${steps.atChangesMs} ms, the sound ${soundGapMs.toFixed(0)} ms`;
      t.diagnostic(`${name}: at a change ${told} at most, elsewhere ${busyMs.toFixed(0)} ms more than a frame`);
      assert.ok(steps.atChangesMs < PICTURE_GAP_MS + busyMs && soundGapMs < SOUND_GAP_MS + busyMs, `${name}: ${told}`);
      assert.equal(configs(tags(), 8), 3, `${name}: 44.1 kHz, 48 kHz, 44.1 kHz`);
    }
    assert.deepEqual([flv.end, ws.end, rtmp.closed], [null, null, false]);
    rtmp[Symbol.dispose]();
  });

  for (const name of ['flv', 'ws-flv', 'hls', 'whep'])
    it(`in Chromium by ${name}: pictures go on, and it does not connect anew`, async (t) => {
      const { page, requests } = await openPlayer(name);
      const seen = (what: string, colour: ColourName) => until(what, async () => (await seenRight(page)) === colour);
      await seen("the anchor's own", 'red');
      const mix = await mixIn();
      await seen('the mix', 'green');
      await mixOut(mix);
      await seen("the anchor's own again", 'red');
      // What a browser shows depends on the machine's other work; what it was sent is looked at above.
      const { longestStepMs, count } = await picturesOf(page);
      t.diagnostic(`longest step between two of ${count} pictures shown: ${longestStepMs.toFixed(0)} ms of media`);
      if (name === 'flv' || name === 'ws-flv') assert.equal(await piecesOf(page), 1);
      assert.deepEqual(
        requests.filter((path) => /red\.(flv|m3u8|whep)$/.test(path)),
        [],
      );
      if (name === 'whep') {
        const { codec, audioCodec, audioEnergy } = await whepStats(page);
        assert.deepEqual([codec, audioCodec, audioEnergy > 0], ['video/H264', 'audio/opus', true]);
      }
      await page.close();
    });

  it('HLS tells of each change by a discontinuity', async () => {
    const green = channels.get('green')!;
    const { mediaUrl } = await until('a playlist', () => openMaster(green.play.hls));
    using flv = await FlvClient.open(green.play.flv);
    /** Since the playlist began. A change may need two: the sound that takes over later than its picture waits for a key frame. */
    const breaks = async () => {
      const { text } = await readMedia(mediaUrl);
      const left = /#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0;
      return Number(left) + text.split('#EXT-X-DISCONTINUITY\n').length - 1;
    };
    await until('some segments', async () => (await readMedia(mediaUrl)).segments.length > 1);
    assert.equal(await breaks(), 0);
    const mix = await mixIn(green);
    await until('one', async () => (await breaks()) > 0);
    await flv.more(50, 9);
    const before = await breaks();
    assert.ok(before <= 2, `${before} for one change`);
    await mixOut(mix);
    await until('another', async () => (await breaks()) > before);
  });

  it('a WHEP viewer of pictures alone hears the mix on the connection it has', async () => {
    const silent = await lianmai.rest.createChannel('silent');
    await using publisher = push(silent.push.rtmp, { audio: null });
    await until('live', async () => (await lianmai.rest.channel(silent.id)).state === 'live');
    assert.ok(publisher);
    const page = await browser.open(`${lianmai.http}/healthz`);
    await playWhep(page, 'silent');
    assert.equal((await whepStats(page)).audioEnergy, 0);
    const mix = await mixIn(silent);
    await until('sound', async () => (await whepStats(page)).audioEnergy > 0.01);
    await mixOut(mix);
    await page.close();
  });
});

describe('viewers of a channel whose mixer dies', () => {
  it('see the own stream of the channel, and the mix when it is made again, on the connection they have', async (t) => {
    const page = await browser.open(`${lianmai.http}/healthz`);
    await playWhep(page, 'red');
    await until('whep plays', () => watchPictures(page));
    using flv = await FlvClient.open(red.play.flv);
    await flv.more(25, 9);
    const mix = await mixIn();
    await until('the mix is seen', async () => (await seenRight(page)) === 'green');
    await until('by FLV', () => configs(flv.tags, 9) === 2);
    const mixer = await until(
      'its mixer',
      async () => /lianmai_mixes\{state="running",process="(mixer-\d)"\} 1/.exec(await lianmai.metrics())?.[1],
    );
    const killedAt = performance.now();
    lianmai.kill(mixer);
    await until('its own stream', () => configs(flv.tags, 9) >= 3);
    const own = flv.tags.findLast((tag) => tag.type === 9 && tag.payload[1] === 0);
    t.diagnostic(`own stream ${Math.round((own?.atMs ?? 0) - killedAt)} ms after the mixer was killed`);
    await until('its own stream is seen', async () => (await seenRight(page)) === 'red');
    await until('the mix is seen again', async () => (await seenRight(page)) === 'green');
    await mixOut(mix);
    await until('its own stream is seen again', async () => (await seenRight(page)) === 'red');
    assert.deepEqual([flv.end, stepsBack(flv.timestamps(9)), stepsBack(flv.timestamps(8))], [null, [], []]);
    t.diagnostic(
      `flv: longest step of the picture ${longestStep(flv.timestamps(9))} ms, of the sound ${longestStep(flv.timestamps(8))} ms`,
    );
    const { longestStepMs } = await picturesOf(page);
    t.diagnostic(`whep: longest step between two pictures shown ${longestStepMs.toFixed(0)} ms of media`);
    assert.equal(await page.evaluate('whepPeer.connectionState'), 'connected');
    await page.close();
  });
});

describe('a channel that is not live', () => {
  it('plays its mix by every protocol, for those who may play the channel', async () => {
    const channel = await lianmai.rest.createChannel('quiet', { playAuth: 'open' });
    const mix = await lianmai.rest.ok<{ id: string }>('POST', '/v1/mixes', {
      inputs: ['red', 'green'],
      output: { ...SMALL, channelId: channel.id },
    });
    using flv = await until('it plays', () => FlvClient.open(channel.play.flv));
    await flv.more(25, 9);
    await until(
      'by HLS',
      async () => (await readMedia((await openMaster(channel.play.hls)).mediaUrl)).segments.length > 1,
      30_000,
    );
    const page = await browser.open(`${lianmai.http}/healthz`);
    await playWhep(page, 'quiet');
    await until('by WHEP', async () => (await whepStats(page)).framesDecoded > 25);
    await page.close();
    await mixOut(mix);
    await flv.ended(30_000);
  });
});

describe('viewers whose address is not good any more', () => {
  it('are sent away when the play keys have been rotated twice', async () => {
    const channel = await lianmai.rest.createChannel('shut', { playAuth: 'signed' });
    await using publisher = pushColour(channel.push.rtmp, 'blue', 700);
    await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
    assert.ok(publisher);
    const { appId, play } = await lianmai.rest.ok<Channel & { appId: string }>('GET', `/v1/channels/${channel.id}`);
    using flv = await until('it plays', () => FlvClient.open(play.flv));
    using ws = await FlvClient.open(play.wsFlv);
    using rtmp = await RtmpClient.connect(lianmai.rtmpPort);
    assert.equal((await rtmp.play(play.rtmp.slice(play.rtmp.lastIndexOf('/') + 1))).code, 'NetStream.Play.Start');
    const page = await browser.open(`${lianmai.http}/healthz`);
    await playWhep(page, 'shut', new URL(play.flv).search);
    await flv.more(10, 9);
    const rotate = () => lianmai.rest.ok('POST', `/v1/apps/${appId}/play-keys/rotate`);
    await rotate();
    await flv.more(25, 9);
    assert.deepEqual([flv.end, ws.end], [null, null], 'the backup key is good');
    await rotate();
    await ws.ended();
    await flv.ended();
    await rtmp.status((code) => code === 'NetStream.Play.Failed');
    await until('WHEP is closed', () => page.evaluate("whepPeer.connectionState !== 'connected'"));
    await page.close();
    const again = await fetch(play.flv);
    await again.body?.cancel();
    assert.equal(again.status, 403);
  });
});
