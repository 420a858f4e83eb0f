import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LiveError, leases, type MixInputStatus, type Program } from '@lianmai/contract';
import type { Recorder } from '../edge/hub/testing/world.ts';
import { beeps, brightenings, flashes, onsets } from '../transcoder/testing/sources.ts';
import { metadataOf, TRACKS_ALONE } from './job/mix-metadata.ts';
import { BLUE, type Colour, coloured, GREEN, LastPicture, loudness, RED } from './testing/coloured.ts';
import { input, job, MixingWorld } from './testing/mixing-world.ts';

const red = coloured({ colour: RED, tone: 500 });
const green = coloured({ colour: GREEN, tone: 900 });
const blue = coloured({ colour: BLUE, tone: 1500 });

/** Whether the colours are where they are said to be, in the newest picture. */
function shows({ frames }: Recorder, ...places: [colour: Colour, x: number, y: number][]): boolean {
  if (!frames.some(({ track, type }) => track === 'video' && type === 'key')) return false;
  const picture = new LastPicture(frames);
  return places.every((place) => picture.is(...place));
}

const times = ({ frames }: Recorder, track: 'video' | 'audio') =>
  frames.filter((frame) => frame.track === track && frame.type !== 'config').map(({ dts }) => dts);

/** The longest steps between frames, ms; none goes back. */
function steps(recorder: Recorder): { video: number; audio: number } {
  const longest = (track: 'video' | 'audio') => {
    const all = times(recorder, track);
    const each = all.slice(1).map((ms, i) => ms - all[i]!);
    assert.ok(
      each.every((ms) => ms >= 0),
      `${track} goes back by ${Math.min(...each)}`,
    );
    return Math.max(0, ...each);
  };
  return { video: longest('video'), audio: longest('audio') };
}

describe('a mix', () => {
  it('shows its inputs side by side and sounds of both, in step', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    const mixer = await mixing.mixer();
    await mixing.run(mixer, job([input('a'), input('b')]));
    const viewer = await mixing.watch(worker, 'mixed');
    await mixing.until('both are seen', () => shows(viewer, [RED, 0.25, 0.5], [GREEN, 0.75, 0.5]));
    await mixing.until('two seconds', () => times(viewer, 'video').length > 50 && times(viewer, 'audio').length > 60);
    const heard = (tone: number) => loudness(viewer.frames, tone);
    await mixing.until('both are heard', () => heard(500) > 0.1 && heard(900) > 0.1 && heard(1500) < 0.01);
    const [video, audio] = [times(viewer, 'video'), times(viewer, 'audio')];
    // A machine with other work leaves pictures out, but none is out of step.
    const offBeat = video.filter((at) => Math.abs(((at - video[0]! + 20) % 40) - 20) > 1);
    assert.deepEqual(offBeat, []);
    assert.ok(Math.abs(audio.at(-1)! - audio[0]! - ((audio.length - 1) * 1024) / 48) < 1);
    const isTold = ({ state, width, height }: MixInputStatus) => state === 'live' && width === 320 && height === 180;
    await mixing.until('both are told of', async () => {
      const status = await mixing.status(mixer);
      return status?.state === 'running' && status.inputs.every(isTold);
    });
    // Whether the machine keeps up is not the mix's doing.
    assert.deepEqual(
      mixing.warnings.filter((warning) => !/the machine/.test(warning)),
      [],
    );
  });

  it('is changed while it runs, without a gap: layout, joining, leaving, canvas', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    using _c = await mixing.publish(worker, 'c', blue);
    const mixer = await mixing.mixer();
    const two = job([input('a'), input('b')]);
    await mixing.run(mixer, two);
    const viewer = await mixing.watch(worker, 'mixed');
    await mixing.until('both', () => shows(viewer, [RED, 0.25, 0.5], [GREEN, 0.75, 0.5]));
    await mixing.run(mixer, { ...two, version: 2, layout: { template: 'top-bottom' } });
    await mixing.until('one above the other', () => shows(viewer, [RED, 0.5, 0.25], [GREEN, 0.5, 0.75]));
    await mixing.run(mixer, { ...two, version: 3, inputs: [input('c'), input('a')] });
    await mixing.until('one left, one joined', () => shows(viewer, [BLUE, 0.25, 0.5], [RED, 0.75, 0.5]));
    await mixing.until('the one who left is not heard', () => loudness(viewer.frames, 900) < 0.01);
    const canvas = { ...two.canvas, width: 480, height: 272 };
    await mixing.run(mixer, { ...two, version: 4, canvas });
    await mixing.until('a larger canvas', () => shows(viewer, [RED, 0.25, 0.5], [GREEN, 0.75, 0.5]));
    assert.deepEqual(new LastPicture(viewer.frames).width, 480);
    const { canvas: shown, output } = { ...two, canvas };
    assert.deepEqual(viewer.frames.findLast(({ track }) => track === 'data')?.data, metadataOf(shown, output).data);
    await mixing.run(mixer, { ...two, version: 3 });
    await mixing.run(mixer, { ...two, version: 5, canvas, output: { ...two.output, fps: 15 } });
    // A machine with other work leaves some of them out.
    const isBeat = (ms: number, everyMs: number) => Math.abs(ms - Math.round(ms / everyMs) * everyMs) < 2;
    await mixing.until('15 pictures a second', () => {
      const last = times(viewer, 'video').slice(-8);
      const each = last.slice(1).map((ms, i) => ms - last[i]!);
      return each.every((ms) => isBeat(ms, 1000 / 15)) && each.some((ms) => !isBeat(ms, 40));
    });
    const longest = steps(viewer);
    assert.ok(longest.video <= 400 && longest.audio < 400, JSON.stringify(longest));
    assert.equal((await mixing.status(mixer))?.version, 5);
    assert.deepEqual(viewer.states, []);
  });

  it('shows a placeholder for who stalls, and the rest go on', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using b = await mixing.publish(worker, 'b', green);
    const mixer = await mixing.mixer();
    await mixing.run(mixer, job([input('a'), input('b'), input('never')], { layout: { template: 'side-by-side' } }));
    const viewer = await mixing.watch(worker, 'mixed');
    const stateOf = async (id: string) => (await mixing.status(mixer))?.inputs.find((one) => one.id === id)?.state;
    await mixing.until('b is live', async () => (await stateOf('b')) === 'live' && (await stateOf('a')) === 'live');
    assert.equal(await stateOf('never'), 'waiting');
    b.pause();
    await mixing.until('b is gone', async () => (await stateOf('b')) === 'gone');
    assert.equal(await stateOf('a'), 'live');
    b.go();
    await mixing.until('b is back', async () => (await stateOf('b')) === 'live');
    b.pusher.end('unpublished');
    b[Symbol.dispose]();
    await mixing.until('b ended', async () => (await stateOf('b')) !== 'live');
    using _again = await mixing.publish(worker, 'b', blue);
    await mixing.until('another b', async () => (await stateOf('b')) === 'live');
    assert.ok(steps(viewer).video <= 400);
  });

  it('keeps lips in sync', async (t) => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    const signals = [...flashes('h264', 4, { bFrames: 0 }), ...beeps('aac', 48_000, 4)].sort((a, b) => a.dts - b.dts);
    using _a = await mixing.publish(worker, 'a', signals);
    using _b = await mixing.publish(worker, 'b', red);
    const mixer = await mixing.mixer();
    await mixing.run(mixer, job([input('a'), input('b', { muted: true })], { layout: { template: 'pip-top-left' } }));
    const viewer = await mixing.watch(worker, 'mixed');
    await mixing.until('some seconds', () => times(viewer, 'video').length > 130);
    const [seen, heard] = [brightenings(viewer.frames), onsets(viewer.frames)];
    assert.ok(seen.length >= 4 && heard.length >= 4, `${seen.length} flashes, ${heard.length} beeps`);
    const apart = seen
      .slice(1, -1)
      .map((flash) => flash - heard.reduce((best, ms) => (Math.abs(ms - flash) < Math.abs(best - flash) ? ms : best)));
    const told = `flashes come ${apart.map(Math.round).join(', ')} ms after their beeps`;
    t.diagnostic(told);
    // Not each of them: a machine with other work may hold up the picture of a moment.
    const middle = apart.map(Math.abs).sort((a, b) => a - b)[Math.floor(apart.length / 2)]!;
    assert.ok(middle <= 45, told);
  });

  it('can be an input of another, of the same mixer too', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    const mixer = await mixing.mixer();
    const one = job([input('a'), input('b')]);
    await mixing.run(mixer, one);
    await mixing.run(mixer, { ...one, id: 'm2', stream: 'other', inputs: [input('mixed'), input('b')] });
    const viewer = await mixing.watch(worker, 'other');
    const strips = [RED, 0.15, 0.5] as [Colour, number, number];
    await mixing.until('a mix in a mix', () => shows(viewer, [GREEN, 0.75, 0.5]) || shows(viewer, strips));
    await mixing.until('both tones', () => loudness(viewer.frames, 500) > 0.1 && loudness(viewer.frames, 900) > 0.1);
  });

  it('is refused when it would show itself, or cannot be made', async () => {
    await using mixing = new MixingWorld();
    const mixer = await mixing.mixer();
    const refused = (changed: Parameters<typeof job>) => {
      let error: LiveError | null = null;
      try {
        mixer.mixer.run(job(...changed));
      } catch (thrown) {
        error = thrown as LiveError;
      }
      return error && [error.name, error.field];
    };
    const { canvas, output } = job([input('a')]);
    assert.deepEqual(refused([[input('mixed')]]), ['BAD_REQUEST', 'inputs/0/source']);
    assert.deepEqual(refused([[input('a'), input('mixed.minus-a')]]), ['BAD_REQUEST', 'inputs/1/source']);
    assert.deepEqual(refused([[input('a'), input('a')]]), ['BAD_REQUEST', 'inputs/1/id']);
    assert.deepEqual(refused([[]]), ['BAD_REQUEST', 'inputs']);
    const wide = { ...canvas, width: 4000 };
    assert.deepEqual(refused([[input('a')], { canvas: wide }]), ['BAD_REQUEST', 'canvas/width']);
    assert.deepEqual(refused([[input('a')], { output: { ...output, fps: 0 } }]), ['BAD_REQUEST', 'output/fps']);
  });
});

describe('a mix of one', () => {
  it('is passed on as it is, and made again when a second joins, on one timeline', async (t) => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    const mixer = await mixing.mixer();
    const one = job([input('a')]);
    await mixing.run(mixer, one);
    const viewer = await mixing.watch(worker, 'mixed');
    await mixing.until('passing', async () => (await mixing.status(mixer))?.state === 'passing');
    await mixing.until('pictures', () => times(viewer, 'video').length > 20);
    const passed = new Set(red.filter(({ track }) => track === 'video').map(({ data }) => data.toString('base64')));
    const isPassed = () =>
      passed.has(
        viewer.frames.findLast(({ track, type }) => track === 'video' && type !== 'config')!.data.toString('base64'),
      );
    assert.ok(isPassed());
    const metadata = () => viewer.frames.findLast(({ track }) => track === 'data')?.data;
    await mixing.run(mixer, {
      ...one,
      version: 2,
      inputs: [input('a'), input('b')],
      layout: { template: 'side-by-side' },
    });
    await mixing.until('both', () => shows(viewer, [RED, 0.25, 0.5], [GREEN, 0.75, 0.5]));
    assert.deepEqual(metadata(), metadataOf(one.canvas, one.output).data);
    await mixing.run(mixer, { ...one, version: 3 });
    await mixing.until('passing again', async () => (await mixing.status(mixer))?.state === 'passing');
    // Pictures in which nothing moves are the same bytes whoever encodes them: they do not tell who is on air.
    const isAlone = () => metadata()?.equals(TRACKS_ALONE.data) ?? false;
    await mixing.until('the one who is passed on, who says nothing of itself', () => isAlone() && isPassed());
    await mixing.until(
      'sound goes on',
      () => loudness(viewer.frames, 500) > 0.1 && loudness(viewer.frames, 900) < 0.01,
    );
    const longest = steps(viewer);
    t.diagnostic(`the longest steps: ${JSON.stringify(longest)} ms`);
    assert.ok(longest.video <= 400 && longest.audio <= 400, JSON.stringify(longest));
  });

  it('is made while its input stalls', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using a = await mixing.publish(worker, 'a', red);
    const mixer = await mixing.mixer();
    await mixing.run(mixer, job([input('a', { label: null })]));
    await mixing.watch(worker, 'mixed');
    await mixing.until('passing', async () => (await mixing.status(mixer))?.state === 'passing');
    a.pause();
    await mixing.until('running', async () => (await mixing.status(mixer))?.state === 'running');
    a.go();
    await mixing.until('passing again', async () => (await mixing.status(mixer))?.state === 'passing');
  });
});

describe('streams of a mix', () => {
  it('leave out a member, and have Opus for WebRTC, while somebody takes them', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    const mixer = await mixing.mixer();
    await mixing.run(mixer, job([input('a', { mixMinus: true }), input('b')]));
    const viewer = await mixing.watch(worker, 'mixed');
    const minus = await mixing.watch(worker, 'mixed.minus-a');
    await mixing.until('both heard', () => loudness(viewer.frames, 500) > 0.1 && loudness(viewer.frames, 900) > 0.1);
    await mixing.until('only the other', () => times(minus, 'audio').length > 50 && loudness(minus.frames, 900) > 0.1);
    assert.ok(loudness(minus.frames, 500) < 0.01);
    const opus = await mixer.mixer.open('mixed?audio=opus');
    assert.deepEqual([opus?.headers.audio?.codec, opus?.headers.video?.codec], ['opus', 'h264']);
    assert.equal(await mixer.mixer.open('mixed.minus-b'), null);
    assert.equal(worker.hub.variantAddress('mixed', 'audio=opus') === null, false);
  });

  it('give a key frame to who asks, at most one a second', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    const mixer = await mixing.mixer();
    const wish = job([input('a'), input('b')]);
    await mixing.run(mixer, { ...wish, output: { ...wish.output, gopMs: 20_000 } });
    const viewer = await mixing.watch(worker, 'mixed');
    const keys = () => viewer.frames.filter(({ track, type }) => track === 'video' && type === 'key');
    const ask = () => mixing.world.control.publish('stream.key-frame', { stream: 'mixed' });
    assert.equal(keys().length, 1);
    ask();
    await mixing.until('a key frame', () => keys().length === 2);
    const asking = setInterval(ask, 20);
    await mixing.until('two more', () => keys().length === 4);
    clearInterval(asking);
    const at = keys().map(({ dts }) => dts);
    for (const [i, ms] of at.slice(1).entries()) assert.ok(ms - at[i]! >= 999, at.join());
  });

  it('sleep when nobody takes them, and wake for the next one', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    const mixer = await mixing.mixer('mixer-0', 1000);
    await mixing.run(mixer, job([input('a'), input('b')]));
    await mixing.until('running', async () => (await mixing.status(mixer))?.state === 'running');
    await mixing.until('asleep', async () => (await mixing.status(mixer))?.state === 'sleeping');
    const jpeg = Buffer.from(
      (await mixing.world.control.request('mixer.preview/mixer-0', { id: 'm1' })).jpeg,
      'base64',
    );
    assert.deepEqual([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff]);
    const viewer = await mixing.watch(worker, 'mixed');
    assert.equal((await mixing.status(mixer))?.state, 'running');
    assert.ok(shows(viewer, [RED, 0.25, 0.5], [GREEN, 0.75, 0.5]), 'the first picture shows all');
  });
});

describe('programs', () => {
  it('are taken once the mix is warm, waited for while another has them, and let go before the mix ends', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    const mixer = await mixing.mixer();
    const programs = new Map<string, Program | null>();
    const unwatch = await mixing.world.control.watch<Program>('program/', (key, program) => programs.set(key, program));
    const other = mixing.world.bus.member();
    const { lease } = await other.bus.acquire(leases.program('show'), { source: 'another' });
    const program = { stream: 'show', channelId: 'ch2', accountId: 'acc1', play: { signedWith: null } };
    const wish = job([input('a'), input('b')], { programs: [program, { ...program, stream: 'show2' }] });
    await mixing.run(mixer, wish);
    await mixing.until('a program', () => programs.get('program/show2')?.source === 'mixed');
    assert.equal((await mixing.status(mixer))?.programs.join(), 'show2');
    await lease?.release();
    await mixing.until('the other program', () => programs.get('program/show')?.source === 'mixed');
    assert.deepEqual(
      [programs.get('program/show')?.channelId, programs.get('program/show')?.worker],
      ['ch2', 'mixer-0'],
    );
    await mixing.run(mixer, { ...wish, version: 2, programs: [program] });
    await mixing.until('one is let go', () => programs.get('program/show2') === null);
    const viewer = await mixing.watch(worker, 'mixed');
    await mixing.world.control.request('mixer.stop/mixer-0', { id: 'm1' });
    assert.equal(programs.get('program/show'), null);
    const pictures = times(viewer, 'video').length;
    await mixing.until('pictures go on a moment', () => times(viewer, 'video').length > pictures + 20);
    await mixing.until('the end', () => viewer.states.includes('ended: unpublished'));
    unwatch();
  });

  it('end with the mixer, and its streams are made again by the next one', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    const first = await mixing.mixer();
    const wish = job([input('a'), input('b')]);
    await mixing.run(first, wish);
    const viewer = await mixing.watch(worker, 'mixed');
    await mixing.until('pictures', () => times(viewer, 'video').length > 10);
    await first.kill();
    await mixing.until('interrupted', () => viewer.states.includes('interrupted'));
    const before = times(viewer, 'video').length;
    await mixing.run(await mixing.mixer(), wish);
    await mixing.until('more pictures', () => times(viewer, 'video').length > before + 10);
    steps(viewer);
  });
});

describe('mixes of the same inputs and layout', () => {
  it('are made once, each under its own name, and go their own ways when one is changed', async () => {
    await using mixing = new MixingWorld();
    const worker = await mixing.world.worker();
    using _a = await mixing.publish(worker, 'a', red);
    using _b = await mixing.publish(worker, 'b', green);
    const mixer = await mixing.mixer();
    const one = job([input('a'), input('b')], { layout: { template: 'pk' } });
    const two = { ...one, id: 'm2', stream: 'mixed2', channelId: 'ch2' };
    await mixing.run(mixer, one);
    await mixing.run(mixer, two);
    const viewers = [await mixing.watch(worker, 'mixed'), await mixing.watch(worker, 'mixed2')] as const;
    await mixing.until('both seen', () => viewers.every((v) => shows(v, [RED, 0.25, 0.5], [GREEN, 0.75, 0.5])));
    const last = viewers.map(
      ({ frames }) => frames.findLast(({ type, track }) => type === 'key' && track === 'video')!,
    );
    const has = (data: Buffer) => viewers.every(({ frames }) => frames.some((frame) => frame.data.equals(data)));
    await mixing.until('the same pictures', () => last.some(({ data }) => has(data)));
    const swapped = [input('b'), input('a')];
    await mixing.run(mixer, { ...one, version: 2, inputs: swapped });
    await mixing.run(mixer, { ...two, version: 2, inputs: swapped });
    await mixing.until('both changed', () => viewers.every((v) => shows(v, [GREEN, 0.25, 0.5], [RED, 0.75, 0.5])));
    await mixing.run(mixer, { ...one, version: 3, inputs: [input('a'), input('b')] });
    await mixing.until('one alone', () => shows(viewers[0], [RED, 0.25, 0.5]) && shows(viewers[1], [GREEN, 0.25, 0.5]));
    for (const viewer of viewers) assert.ok(steps(viewer).video <= 400);
  });
});
