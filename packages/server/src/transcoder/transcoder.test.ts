import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { LiveError } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import { readImageHeader } from '@lianmai/media/image';
import type { LiveStream } from '../edge/hub/sink.ts';
import { type Pusher, Recorder, type Worker, World } from '../edge/hub/testing/world.ts';
import { RelayServer } from '../edge/relay/relay-server.ts';
import { Variants } from '../edge/variant/variants.ts';
import { beeps, brightenings, flashes, onsets, SIZE } from './testing/sources.ts';
import { Transcoder } from './transcoder.ts';

interface RunningTranscoder {
  transcoder: Transcoder;
  /** As SIGKILL. */
  kill(): Promise<void>;
}

/** Workers as in {@link World}, whose viewers get what they need, and a transcoder. */
class ConvertingWorld implements AsyncDisposable {
  readonly world = new World();
  readonly log: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'lianmai-transcoder-'));
  readonly #address = join(this.#folder, 'transcoder');
  readonly #variants = new Map<Worker, Variants>();
  readonly #transcoders: RunningTranscoder[] = [];

  async startTranscoder(maxVideo = 2): Promise<RunningTranscoder> {
    const { bus, kill } = this.world.bus.member();
    const say = (_: unknown, message?: string) => this.log.push(message ?? '');
    const transcoder = new Transcoder({
      name: 'transcoder',
      bus,
      settings: { publishGraceMs: this.world.graceMs, gopCacheBytes: 1 << 20 },
      maxVideo,
      log: { info: say, warn: say, debug() {} },
      now: () => this.world.nowMs,
    });
    const find = (name: string) => transcoder.open(name);
    const relays = new RelayServer({ internalAddress: this.#address, find, maxQueueBytes: 1 << 20 });
    await transcoder.start();
    await relays.listen();
    const running: RunningTranscoder = {
      transcoder,
      kill: async () => {
        this.#transcoders.splice(this.#transcoders.indexOf(running), 1);
        kill();
        await relays.close();
        transcoder.close();
      },
    };
    this.#transcoders.push(running);
    return running;
  }

  async play(worker: Worker, protocol: 'whep' | 'flv', stream = 'show'): Promise<LiveStream> {
    const known = this.#variants.get(worker);
    const { world } = this;
    const variants =
      known ??
      new Variants({
        hub: worker.hub,
        transcoderAddress: this.#address,
        settings: { gopCacheBytes: 1 << 20 },
        traffic: worker.hub.traffic,
        log: { info() {}, debug() {} },
        now: () => world.nowMs,
      });
    this.#variants.set(worker, variants);
    return variants.play({ stream, query: '', protocol, ip: '127.0.0.1' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const variants of this.#variants.values()) variants.close();
    for (const running of [...this.#transcoders]) await running.kill();
    await this.world[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const byTime = (frames: readonly Frame[]) => [...frames].sort((a, b) => a.dts - b.dts);

/** What an encoder sends of the beep-and-flash picture, in order, from second to second. */
function programme(bFrames: number, seconds: number): Frame[] {
  return byTime([...flashes('h264', seconds, { bFrames }), ...beeps('aac', 48_000, seconds)]);
}

/** Sends frames as time passes. */
async function send(world: World, pusher: Pusher, frames: readonly Frame[]): Promise<void> {
  let fromMs = frames.find(({ type }) => type !== 'config')?.dts ?? 0;
  for (const frame of frames) {
    if (frame.dts > fromMs + 40) {
      world.nowMs += frame.dts - fromMs;
      fromMs = frame.dts;
      await world.settle();
    }
    pusher.received(frame.data.length);
    pusher.write(frame);
  }
}

const until = async (what: string, condition: () => boolean) => {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const shown = ({ frames }: Recorder) => frames.filter(({ track, type }) => track === 'video' && type !== 'config');

describe('viewers who cannot take a stream as it is', () => {
  it('get it converted, once for all workers, beep and flash together', async () => {
    await using converting = new ConvertingWorld();
    const { world } = converting;
    const { transcoder } = await converting.startTranscoder();
    const [a, b] = [await world.worker(), await world.worker()];
    const pusher = await world.push(a);
    const source = programme(2, 6);
    const half = source.findIndex(({ dts }) => dts >= 1500);
    await send(world, pusher, source.slice(0, half));
    const streams = await Promise.all([
      converting.play(a, 'whep'),
      converting.play(b, 'whep'),
      converting.play(b, 'whep'),
    ]);
    assert.equal(streams[1], streams[2], 'shared on a worker');
    assert.deepEqual(transcoder.jobs, { audio: 0, video: 1 });
    assert.deepEqual(
      streams.map(({ headers }) => [headers.video?.codec, headers.audio?.codec]),
      Array(3).fill(['h264', 'opus']),
    );
    const recorders = streams.map((stream) => {
      const recorder = new Recorder(stream);
      const { video, audio } = stream.headers;
      recorder.frames.unshift(...[video, audio].filter((frame) => frame !== null), ...stream.gop);
      return recorder;
    });
    // Faster than in life, but not so fast that pictures are left out. B-frames hold back some.
    const before = recorders.map((recorder) => shown(recorder).length);
    for (let i = half; i < source.length; i += 10) {
      await send(world, pusher, source.slice(i, i + 10));
      const pictures = source.slice(half, i + 10).filter(({ track }) => track === 'video').length;
      await until(`${pictures} pictures`, () =>
        recorders.every((r, k) => shown(r).length >= before[k]! + pictures - 5),
      );
    }
    for (const recorder of recorders) {
      assert.ok(brightenings(recorder.frames).length >= 4 && onsets(recorder.frames).length >= 4);
      assert.ok(shown(recorder).every(({ cts }) => cts === 0));
      for (const flash of brightenings(recorder.frames)) {
        const beep = onsets(recorder.frames).reduce((best, ms) =>
          Math.abs(ms - flash) < Math.abs(best - flash) ? ms : best,
        );
        assert.ok(Math.abs(beep - flash) <= 40, `the flash at ${flash}, the beep at ${beep}`);
      }
    }
  });

  it('others get the stream itself', async () => {
    await using converting = new ConvertingWorld();
    const { world } = converting;
    const worker = await world.worker();
    await send(world, await world.push(worker), programme(0, 1));
    assert.equal(await converting.play(worker, 'flv'), worker.hub.published('show'));
  });

  it('count as viewers of the stream', async () => {
    await using converting = new ConvertingWorld();
    const { world } = converting;
    await converting.startTranscoder();
    const worker = await world.worker();
    await send(world, await world.push(worker), programme(0, 1));
    const stream = await converting.play(worker, 'whep');
    assert.notEqual(stream, worker.hub.published('show'));
    stream.countViewers('whep', 1);
    assert.deepEqual(worker.hub.audience().viewers, { whep: 1 });
  });

  it('are let go with the stream, and the conversion with them; without any it ends soon', async () => {
    await using converting = new ConvertingWorld();
    const { world } = converting;
    const { transcoder } = await converting.startTranscoder();
    const worker = await world.worker();
    const pusher = await world.push(worker);
    await send(world, pusher, programme(0, 1));
    const recorder = new Recorder(await converting.play(worker, 'whep'));
    pusher.end('unpublished');
    await until('the end', () => recorder.states.includes('ended: unpublished'));
    await until('no conversion', () => transcoder.jobs.audio === 0);
    await send(world, await world.push(worker), programme(0, 1));
    await converting.play(worker, 'whep');
    assert.equal(transcoder.jobs.audio, 1);
    await until('nobody', () => {
      world.nowMs += 500;
      return transcoder.jobs.audio === 0;
    });
  });

  it('go on at a key frame when the transcoder dies and another comes', async () => {
    await using converting = new ConvertingWorld();
    const { world } = converting;
    const first = await converting.startTranscoder();
    const worker = await world.worker();
    const pusher = await world.push(worker);
    const source = programme(2, 4);
    const half = source.findIndex(({ dts }) => dts >= 1500);
    await send(world, pusher, source.slice(0, half));
    const recorder = new Recorder(await converting.play(worker, 'whep'));
    await first.kill();
    await until('interrupted', () => recorder.states.includes('interrupted'));
    const before = recorder.frames.length;
    await converting.startTranscoder();
    await until('resumed', () => recorder.states.at(-1) === 'resumed');
    await send(world, pusher, source.slice(half));
    await until('pictures', () => shown(recorder).length >= 10);
    const after = recorder.frames.slice(before);
    assert.equal(after.find(({ track, type }) => track === 'video' && type !== 'config')?.type, 'key');
    for (const track of ['video', 'audio'])
      for (const [i, { dts }] of recorder.frames.filter((frame) => frame.track === track).entries())
        assert.ok(dts >= (recorder.frames.filter((frame) => frame.track === track)[i - 1]?.dts ?? 0));
  });

  it('are refused in words when the machine is full', async () => {
    await using converting = new ConvertingWorld();
    const { world } = converting;
    const { transcoder } = await converting.startTranscoder(1);
    const worker = await world.worker();
    for (const name of ['show', 'other']) await send(world, await world.push(worker, name), programme(2, 1));
    await converting.play(worker, 'whep');
    await assert.rejects(converting.play(worker, 'whep', 'other'), (error: LiveError) => {
      assert.equal(error.name, 'UNAVAILABLE');
      assert.match(error.message, /"other" needs a re-encode .* full \(1 at a time\)/);
      return true;
    });
    assert.deepEqual(transcoder.jobs, { audio: 0, video: 1 });
  });
});

describe('a still', () => {
  const ask = ({ world }: ConvertingWorld, stream: string, width: number) =>
    world.bus.member().bus.request('transcoder.still', { stream, width });

  it('is a small JPEG of the newest key frame, of any codec, its shape kept', async () => {
    await using converting = new ConvertingWorld();
    const { world } = converting;
    await converting.startTranscoder();
    const worker = await world.worker();
    for (const [stream, codec, bFrames] of [
      ['h264', 'h264', 2],
      ['vp8', 'vp8', 0],
      ['h265', 'h265', 0],
    ] as const) {
      const pusher = await world.push(worker, stream);
      await send(world, pusher, flashes(codec, 2, { bFrames, size: { width: 720, height: 1280 } }));
      const { jpeg } = await ask(converting, stream, 360);
      const header = readImageHeader(Buffer.from(jpeg, 'base64'));
      assert.deepEqual([header?.type, header?.width, header?.height], ['image/jpeg', 360, 640], codec);
    }
    const own = await world.push(worker, 'small');
    await send(world, own, flashes('h264', 1));
    const { jpeg } = await ask(converting, 'small', 360);
    assert.equal(readImageHeader(Buffer.from(jpeg, 'base64'))?.width, SIZE.width);
  });

  it('is not to be had of what is not live, and many at once are refused in time', async () => {
    await using converting = new ConvertingWorld();
    const { world } = converting;
    await converting.startTranscoder();
    const worker = await world.worker();
    await assert.rejects(ask(converting, 'nowhere', 360), { name: 'STREAM_NOT_LIVE' });
    const pusher = await world.push(worker);
    await send(world, pusher, flashes('h264', 1));
    const asked = await Promise.allSettled(Array.from({ length: 80 }, () => ask(converting, 'show', 360)));
    const refused = asked.filter(({ status }) => status === 'rejected').length;
    assert.equal(refused, 30);
  });
});
