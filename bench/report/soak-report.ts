import type { SoakSample } from '../mix-soak.ts';
import { figure, median } from './figures.ts';
import { table } from './table.ts';

/** Code is compiled, pools are filled: what is held from then on is held for good. */
const SETTLED_SHARE = 0.2;
/** Memory that comes and goes. */
const MOST_GROWTH_MB = 20;

/** What is held at the start, in the middle and at the end: medians of a fifth of the samples each. */
export function soakReport(samples: readonly SoakSample[]): string {
  const fifth = Math.max(1, Math.floor(samples.length * SETTLED_SHARE));
  const from = samples.length > fifth * 2 ? fifth : 0;
  const middle = Math.floor((from + samples.length - fifth) / 2);
  const parts = [
    ['start', samples.slice(from, from + fifth)],
    ['middle', samples.slice(middle, middle + fifth)],
    ['end', samples.slice(-fifth)],
  ] as const;
  const of = (part: readonly SoakSample[], what: keyof SoakSample) => median(part.map((sample) => sample[what]));
  const rows = parts.map(([name, part]) => [
    name,
    String(Math.round(of(part, 'events'))),
    figure(of(part, 'rssMb')),
    figure(of(part, 'heapMb')),
    String(of(part, 'files')),
    String(of(part, 'threads')),
  ]);
  const [start, , end] = parts.map(([, part]) => part) as [SoakSample[], SoakSample[], SoakSample[]];
  const grown = (what: keyof SoakSample) => of(end, what) - of(start, what);
  return [
    table(['', 'events', 'RSS MB', 'heap MB', 'files', 'threads'], rows),
    '',
    `${mark(grown('rssMb') < MOST_GROWTH_MB)} memory grew by ${figure(grown('rssMb'))} MB (less than ${MOST_GROWTH_MB})`,
    `${mark(grown('files') < 2 && grown('threads') < 1)} ${figure(grown('files'))} files and ${figure(grown('threads'))} threads more`,
  ].join('\n');
}

const mark = (isMet: boolean) => (isMet ? '✔' : '✖');
