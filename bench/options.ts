import { parseArgs } from 'node:util';
import { MIX_SIZES } from './load/mix-canvas.ts';

/** What the command line says; null where the benchmark's own default holds. */
export interface BenchOptions {
  quick: boolean;
  json: string | null;
  repeats: number | null;
  measureS: number | null;
  viewers: number[] | null;
  ticks: number[] | null;
  protocols: ('flv' | 'rtmp')[] | null;
  publishers: number[] | null;
  inputs: number[] | null;
  rooms: number[] | null;
  mixers: number | null;
  /** Names of the servers that take part. */
  servers: string[] | null;
}

export const OPTIONS_HELP = `  --quick              a small run of a minute or two
  --repeats N          runs of each case, of which the medians are shown
  --measure S          seconds measured in each
  --viewers N,…        fanout: crowds          (200,1000,5000); rtc: (50,200,500); im: (1000,10000)
  --ticks MS,…         fanout: flush ticks     (20,100,350; 0: adapting)
  --protocols flv,rtmp fanout: protocols
  --publishers N,…     ingest: publishers      (50,200)
  --inputs N,…         mix: inputs             (1,2,4,9,16)
  --rooms N,…          mix-load: rooms         (as many as load the mixers to four fifths)
  --mixers N           mix-load: mixers        (1)
  --servers NAME,…     of lianmai, nginx-rtmp, janus, bare-transport, socket.io, ws (all);
                       mix: of lianmai, lianmai-economy, ffmpeg, gstreamer
  --json FILE          every run and the medians, as JSON`;

/** @throws Error with a sentence for the person at the terminal. */
export function parseOptions(args: readonly string[]): { names: string[]; options: BenchOptions } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      repeats: { type: 'string' },
      measure: { type: 'string' },
      viewers: { type: 'string' },
      ticks: { type: 'string' },
      protocols: { type: 'string' },
      publishers: { type: 'string' },
      inputs: { type: 'string' },
      rooms: { type: 'string' },
      mixers: { type: 'string' },
      servers: { type: 'string' },
    },
  });
  const options: BenchOptions = {
    quick: values.quick,
    json: values.json ?? null,
    repeats: numbers('repeats', values.repeats, 1)?.[0] ?? null,
    measureS: numbers('measure', values.measure, 1)?.[0] ?? null,
    viewers: numbers('viewers', values.viewers, 1),
    ticks: numbers('ticks', values.ticks, 0),
    protocols: protocols(values.protocols),
    publishers: numbers('publishers', values.publishers, 1),
    inputs: inputs(values.inputs),
    rooms: numbers('rooms', values.rooms, 1),
    mixers: numbers('mixers', values.mixers, 1)?.[0] ?? null,
    servers: values.servers?.split(',') ?? null,
  };
  return { names: positionals, options };
}

function numbers(name: string, text: string | undefined, min: number): number[] | null {
  if (text === undefined) return null;
  const values = text.split(',').map(Number);
  if (values.every((value) => Number.isInteger(value) && value >= min)) return values;
  throw new Error(`--${name} takes whole numbers from ${min} on, separated by commas, not "${text}"`);
}

function inputs(text: string | undefined): number[] | null {
  const counts = numbers('inputs', text, 1);
  const known: readonly number[] = MIX_SIZES;
  if (counts?.every((count) => known.includes(count)) !== false) return counts;
  throw new Error(`--inputs takes numbers of ${known.join(', ')}, not "${text}"`);
}

function protocols(text: string | undefined): ('flv' | 'rtmp')[] | null {
  if (text === undefined) return null;
  const values = text.split(',');
  if (values.every((value) => value === 'flv' || value === 'rtmp')) return values;
  throw new Error(`--protocols takes flv, rtmp or both, not "${text}"`);
}
