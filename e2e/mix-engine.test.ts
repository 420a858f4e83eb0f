import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { Browser } from './peers/chromium.ts';
import { type ColourName, type Look, look, pushColour } from './peers/coloured.ts';
import { FlvClient, stepsBack } from './peers/flv-client.ts';
import type { Program } from './peers/program.ts';
import { whep, whepStats } from './peers/webrtc-page.ts';
import type { Channel } from './rest.ts';
import { PATIENT_MS, until } from './until.ts';

interface Mix {
  id: string;
  state: string;
  stream: string;
  play: { flv: string; whep: string };
  inputs: { id: string; status: { state: string } | null }[];
}

const SMALL = { width: 640, height: 360, bitrateKbps: 800, gopSeconds: 1, preset: 'economy', transitionMs: 0 };
const TONES = { red: 500, green: 900, blue: 1500, yellow: 2100 } as const;
/** Loud enough to be heard; far below, it is not there. */
const HEARD = 0.02;

let lianmai: Lianmai;
const channels = new Map<ColourName, Channel>();
const pushes = new Map<ColourName, Program>();

before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '2' } });
  for (const colour of ['red', 'green', 'blue'] as const) {
    const channel = await lianmai.rest.createChannel(colour);
    channels.set(colour, channel);
    pushes.set(colour, pushColour(channel.push.rtmp, colour, TONES[colour]));
  }
  for (const colour of channels.keys()) await live(colour);
});
after(async () => {
  for (const push of pushes.values()) await push[Symbol.asyncDispose]();
  await lianmai?.stop();
});

const live = (colour: ColourName) =>
  until(`${colour} is live`, async () => (await lianmai.rest.channel(channels.get(colour)!.id)).state === 'live');
const make = (body: Record<string, unknown>) => lianmai.rest.ok<Mix>('POST', '/v1/mixes', body);
const change = (id: string, body: Record<string, unknown>) => lianmai.rest.ok<Mix>('PATCH', `/v1/mixes/${id}`, body);
const mixOf = (id: string) => lianmai.rest.ok<Mix>('GET', `/v1/mixes/${id}`);
const remove = (id: string) => lianmai.rest.ok('DELETE', `/v1/mixes/${id}`);
/** Looks until it looks so. */
const looks = (url: string, what: string, test: (it: Look) => boolean, timeoutMs = PATIENT_MS) =>
  until(what, async () => test(await look(url)), timeoutMs);
const longestStep = (ms: readonly number[]) => Math.max(0, ...ms.slice(1).map((at, i) => at - ms[i]!));

describe('a mix of real streams', () => {
  it('has each where it should be and sounds of all, and changes while it plays', async (t) => {
    const mix = await make({ inputs: ['red', 'green'], layout: 'side-by-side', output: SMALL });
    using viewer = await until('it plays', () => FlvClient.open(mix.play.flv));
    const { flv } = mix.play;
    await looks(flv, 'side by side', (it) => it.at(0.25, 0.5) === 'red' && it.at(0.75, 0.5) === 'green');
    await looks(flv, 'both tones', (it) => it.tone(500) > HEARD && it.tone(900) > HEARD && it.tone(1500) < HEARD / 4);
    await change(mix.id, { layout: 'top-bottom' });
    await looks(flv, 'one above the other', (it) => it.at(0.5, 0.25) === 'red' && it.at(0.5, 0.75) === 'green');
    const tiles = [
      { input: 'red', x: 0, y: 0, width: 1, height: 1 },
      { input: 'blue', x: 0.7, y: 0.1, width: 0.25, height: 0.25 },
    ];
    await change(mix.id, { inputs: ['red', 'blue'], layout: tiles });
    await looks(flv, 'another joined', (it) => it.at(0.8, 0.2) === 'blue' && it.at(0.2, 0.8) === 'red');
    await looks(flv, 'one left', (it) => it.tone(1500) > HEARD && it.tone(900) < HEARD / 4);
    await change(mix.id, { output: { ...SMALL, width: 480, height: 480 } });
    await looks(flv, 'another canvas', (it) => it.width === 480 && it.height === 480);
    const [video, audio] = [viewer.timestamps(9), viewer.timestamps(8)];
    assert.deepEqual([viewer.end, stepsBack(video), stepsBack(audio)], [null, [], []]);
    t.diagnostic(`the longest steps: video ${longestStep(video)} ms, audio ${longestStep(audio)} ms`);
    assert.ok(longestStep(video) < 1000 && longestStep(audio) < 1000);
    await remove(mix.id);
    await viewer.ended();
  });

  it('shows who is missing, and goes on', async () => {
    const mix = await make({ inputs: ['red', 'green', 'nobody'], layout: 'grid', output: SMALL });
    const stateOf = async (id: string) => (await mixOf(mix.id)).inputs.find((input) => input.id === id)?.status?.state;
    using viewer = await until('it plays', () => FlvClient.open(mix.play.flv));
    await looks(mix.play.flv, 'two of three', (it) => it.at(0.25, 0.25) === 'red' && it.at(0.75, 0.25) === 'green');
    pushes.get('green')!.kill('SIGSTOP');
    try {
      await looks(mix.play.flv, 'a placeholder', (it) => it.at(0.25, 0.25) === 'red' && it.at(0.75, 0.25) !== 'green');
      assert.equal(await stateOf('nobody'), 'waiting');
    } finally {
      pushes.get('green')!.kill('SIGCONT');
    }
    await looks(mix.play.flv, 'it is back', (it) => it.at(0.75, 0.25) === 'green');
    assert.deepEqual([viewer.end, stepsBack(viewer.timestamps(9))], [null, []]);
    await remove(mix.id);
  });

  it('is seen and heard by WebRTC, with Opus from the mixer itself', async () => {
    await using browser = await Browser.start();
    const mix = await make({ inputs: ['red', 'green'], output: SMALL });
    const page = await browser.open(`${lianmai.http}/healthz`);
    const answer = await whep(page, mix.play.whep);
    assert.equal(answer.status, 201, answer.body);
    await until('pictures and sound', async () => {
      const { framesDecoded, audioSamples, audioEnergy } = await whepStats(page);
      return framesDecoded > 50 && audioSamples > 48_000 && audioEnergy > 0.0005;
    });
    const stats = await whepStats(page);
    assert.deepEqual([stats.codec, stats.width, stats.audioCodec], ['video/H264', 640, 'audio/opus']);
    const converted = lianmai.log.filter((line) => line.msg === 'conversion began' && line.stream === mix.stream);
    assert.deepEqual(converted, []);
    await page.close();
    await remove(mix.id);
  });

  it('can be looked at, and has its figures', async () => {
    const mix = await make({ inputs: ['red', 'green'], output: SMALL });
    using viewer = await until('it plays', () => FlvClient.open(mix.play.flv));
    await viewer.more(50, 9);
    const answer = await fetch(`${lianmai.http}/v1/mixes/${mix.id}/preview.jpg`, {
      headers: { authorization: `Bearer ${lianmai.apiKey}` },
    });
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/jpeg']);
    assert.equal(Buffer.from(await answer.arrayBuffer()).readUInt16BE(0), 0xffd8);
    const metrics = await until('its metrics', async () => {
      const text = await lianmai.metrics();
      return text.includes(`lianmai_mix_fps{mix="${mix.id}"`) && text;
    });
    assert.match(metrics, /lianmai_mixes\{state="running",process="mixer-\d"\} 1/);
    await remove(mix.id);
  });
});

describe("a channel's program", () => {
  it("is the mix; when its mixer is killed the channel's own stream, and soon the mix again; viewers stay", async (t) => {
    const red = channels.get('red')!;
    using viewer = await FlvClient.open(red.play.flv);
    await viewer.more(25, 9);
    const output = { ...SMALL, channelId: red.id };
    const mix = await make({ inputs: ['red', 'green'], layout: 'side-by-side', output });
    await looks(red.play.flv, 'the mix', (it) => it.at(0.25, 0.5) === 'red' && it.at(0.75, 0.5) === 'green');
    const mixer = await until(
      'its mixer',
      async () => /lianmai_mixes\{state="running",process="(mixer-\d)"\} 1/.exec(await lianmai.metrics())?.[1],
    );
    const killedAt = performance.now();
    lianmai.kill(mixer);
    await viewer.more(25, 9);
    await looks(red.play.flv, 'the mix again', (it) => it.at(0.75, 0.5) === 'green');
    t.diagnostic(`the mix was seen again ${Math.round(performance.now() - killedAt)} ms after its mixer was killed`);
    await remove(mix.id);
    await looks(red.play.flv, 'its own stream', (it) => it.at(0.25, 0.5) === 'red' && it.at(0.75, 0.5) === 'red');
    assert.deepEqual([viewer.end, stepsBack(viewer.timestamps(9)), stepsBack(viewer.timestamps(8))], [null, [], []]);
    t.diagnostic(`the longest step of the picture: ${longestStep(viewer.timestamps(9))} ms`);
    await lianmai.healthy();
  });
});
