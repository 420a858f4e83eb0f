import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { type Generator, startPublishers } from './load/generators.ts';
import { MIX_SOURCE, mixSourceFiles } from './load/mix-source.ts';
import { type Watched, watchMixes } from './load/mix-watching.ts';
import type { BenchOptions } from './options.ts';
import { API_KEY, startLianmai } from './peers/lianmai.ts';
import type { RunningServer } from './peers/server.ts';
import { cpuSeconds, residentKb } from './processes.ts';
import { figure } from './report/figures.ts';
import { mixLoadReport } from './report/mix-load-report.ts';

/** What a room has mixed: as rooms of the app ask for it, and what is cheaper. */
export interface RoomKind {
  name: string;
  layout: string;
  output: { width: number; height: number; fps: number; preset: 'quality' | 'economy' };
}

export interface MixLoadRun {
  kind: string;
  rooms: number;
  inputs: number;
  mixers: number;
  /** Rooms that control let in no more, for want of room: it reckons before it has measured. */
  refused: number;
  measureS: number;
  /** Of the mixers' processes. */
  mixerCpuS: number;
  /** Of all processes: publishers taken, streams relayed, viewers served. */
  serverCpuS: number;
  mixerMb: number;
  fps: number;
  /** As the mixes tell: made, and late or left out. */
  frames: number;
  lateFrames: number;
  /** As viewers of the mixes see. */
  watched: Watched;
}

const INPUTS = 4;
const LANDSCAPE = { width: 1280, height: 720, fps: 25 } as const;
const PORTRAIT = { width: 540, height: 960, fps: 25 } as const;
const KINDS: readonly RoomKind[] = [
  { name: 'grid 1280x720', layout: 'grid', output: { ...LANDSCAPE, preset: 'quality' } },
  { name: 'grid 1280x720, economy', layout: 'grid', output: { ...LANDSCAPE, preset: 'economy' } },
  { name: 'co-host 1280x720', layout: 'cohost', output: { ...LANDSCAPE, preset: 'quality' } },
  { name: 'co-host 540x960', layout: 'cohost', output: { ...PORTRAIT, preset: 'quality' } },
];
/** Of a core, for each mixer. */
const LOAD = 0.8;
const MOST_ROOMS = 30;
const TICK_MS = 5;
const SOURCE_S = 25;
const SETTLE_MS = 6000;
const WARM_S = 5;
const FIRST_LOOK_MS = 5000;

/** `npm run bench mix-load`: how many rooms a mixer carries, on the whole server with its publishers and viewers. */
export async function benchMixLoad(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  const measureS = options.measureS ?? (options.quick ? 10 : 40);
  const kinds = options.quick ? KINDS.slice(0, 2) : KINDS;
  const mixers = options.mixers ?? 1;
  const { width, height, fps } = MIX_SOURCE;
  console.log(`mix-load: rooms of ${INPUTS} inputs ${width}x${height}@${fps}, ${mixers} mixers, ${measureS} s each`);
  const files = await mixSourceFiles('people', INPUTS, SOURCE_S);
  const runs: MixLoadRun[] = [];
  for (const kind of kinds)
    for (const rooms of options.rooms ?? [null]) {
      await using floor = await Floor.open(kind, files, mixers);
      const run = await floor.measure(rooms, measureS);
      runs.push(run);
      console.log(
        `  ${kind.name}: ${run.rooms} rooms, ${figure((run.mixerCpuS / run.measureS) * 100)} % of a core, ${run.lateFrames} of ${run.frames} late`,
      );
    }
  const report = mixLoadReport(runs);
  return { text: report.text, json: { source: MIX_SOURCE, figures: report.figures, runs } };
}

interface Told {
  frames: number;
  lateFrames: number;
}

/** A server with rooms, each with four publishers. */
class Floor implements AsyncDisposable {
  readonly #kind: RoomKind;
  readonly #files: readonly string[];
  readonly #mixers: number;
  readonly #server: RunningServer;
  readonly #mixerPids: readonly number[];
  readonly #publishers: Generator[] = [];
  readonly #mixes: { id: string; flv: string }[] = [];
  #streams: readonly { push: string; play: string }[] = [];
  #refused = 0;

  private constructor(server: RunningServer, kind: RoomKind, files: readonly string[], mixers: number) {
    this.#server = server;
    this.#kind = kind;
    this.#files = files;
    this.#mixers = mixers;
    this.#mixerPids = server.pids.filter(isMixer);
  }

  static async open(kind: RoomKind, files: readonly string[], mixers: number): Promise<Floor> {
    const server = await startLianmai({ mixers, 'mixer-cores': 1, 'flush-ms': TICK_MS });
    const floor = new Floor(server, kind, files, mixers);
    floor.#streams = await server.streams(MOST_ROOMS * INPUTS);
    return floor;
  }

  /** @param rooms null: as many as load the mixers to four fifths. */
  async measure(rooms: number | null, measureS: number): Promise<MixLoadRun> {
    await this.#grow(rooms ?? (await this.#roomsThatFit()));
    const urls = this.#mixes.map(({ flv }) => flv);
    await using viewers = watchMixes({ urls, pictureMs: 1000 / this.#kind.output.fps, warmS: WARM_S, measureS });
    await viewers.next('watching');
    await after(WARM_S * 1000);
    const { pids } = this.#server;
    const [mixer, server, before] = [cpuSeconds(this.#mixerPids), cpuSeconds(pids), await this.#told()];
    await after(measureS * 1000);
    const [mixerCpuS, serverCpuS] = [cpuSeconds(this.#mixerPids) - mixer, cpuSeconds(pids) - server];
    const told = await this.#told();
    const watched = await viewers.next<Watched>('watched');
    return {
      ...{ kind: this.#kind.name, rooms: this.#mixes.length, inputs: INPUTS, mixers: this.#mixers },
      ...{ refused: this.#refused, measureS, mixerCpuS, serverCpuS, fps: this.#kind.output.fps },
      mixerMb: residentKb(this.#mixerPids) / 1024,
      frames: told.frames - before.frames,
      lateFrames: told.lateFrames - before.lateFrames,
      watched,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const publishers of this.#publishers) await publishers[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  /** By what one room takes. */
  async #roomsThatFit(): Promise<number> {
    await this.#grow(1);
    const urls = this.#mixes.map(({ flv }) => flv);
    await using viewer = watchMixes({ urls, pictureMs: 40, warmS: 0, measureS: 3600 });
    await viewer.next('watching');
    await after(SETTLE_MS);
    const before = cpuSeconds(this.#mixerPids);
    await after(FIRST_LOOK_MS);
    const cores = ((cpuSeconds(this.#mixerPids) - before) * 1000) / FIRST_LOOK_MS;
    return Math.min(MOST_ROOMS, Math.max(1, Math.floor(LOAD / cores) * this.#mixers));
  }

  /** Rooms are added until there are so many, or no more is let in. */
  async #grow(rooms: number): Promise<void> {
    const from = this.#mixes.length;
    for (const [i, file] of this.#files.entries()) {
      const targets = Array.from({ length: rooms - from }, (_, room) => this.#stream(from + room, i).push);
      if (targets.length > 0)
        this.#publishers.push(await startPublishers(this.#server.rtmpPort, targets, undefined, file));
    }
    for (let room = from; room < rooms && this.#refused === 0; room++) {
      const inputs = this.#files.map((_, i) => this.#stream(room, i).play.replace(/^live\//, ''));
      const { layout, output } = this.#kind;
      const answer = await this.#call('POST', '/v1/mixes', { inputs, layout, output });
      if (answer.status === 503) this.#refused = rooms - room;
      else if (answer.status !== 201) throw new Error(`POST /v1/mixes: ${answer.status} ${await answer.text()}`);
      else {
        const { id, play } = (await answer.json()) as { id: string; play: { flv: string } };
        this.#mixes.push({ id, flv: play.flv });
      }
    }
  }

  #stream(room: number, input: number): { push: string; play: string } {
    return this.#streams[room * INPUTS + input]!;
  }

  async #told(): Promise<Told> {
    const sum = { frames: 0, lateFrames: 0 };
    for (const { id } of this.#mixes) {
      const { status } = (await (await this.#call('GET', `/v1/mixes/${id}`)).json()) as { status: Told | null };
      sum.frames += status?.frames ?? 0;
      sum.lateFrames += status?.lateFrames ?? 0;
    }
    return sum;
  }

  #call(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#server.httpPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }
}

const isMixer = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('lianmai-mixer');
