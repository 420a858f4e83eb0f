import type { IngestProtocol, Program, StreamState } from '@lianmai/contract';
import type { LiveFigures } from '@lianmai/contract/rest';
import { isMixChannel } from '../mix/names.ts';
import { rfc3339 } from '../rest/time.ts';
import type { LiveBoard } from './board.ts';
import type { FigureBoard, StreamMeasure } from './figures.ts';
import type { ProgramBoard } from './programs.ts';
import type { LiveEntry } from './state.ts';

/** A stream that viewers get something of: a channel's, or a conference member's. */
export interface OnAir {
  readonly stream: string;
  readonly channelId: string;
  readonly state: Exclude<StreamState, 'idle'>;
  readonly source: 'direct' | 'mix' | 'picture';
  readonly protocol: IngestProtocol;
  readonly sinceMs: number;
  /** Its own publisher; null: none is there, only a program. */
  readonly entry: LiveEntry | null;
  readonly program: Program | null;
}

export interface StageOptions {
  live: LiveBoard;
  programs: ProgramBoard;
  figures: FigureBoard;
}

/** What viewers see: publishers' own streams and the programs in their place, put together. Streams of mixes as such are not on it. */
export class Stage {
  readonly #options: StageOptions;

  constructor(options: StageOptions) {
    this.#options = options;
  }

  /** null: idle. */
  of({ id, stream }: { id: string; stream: string }): OnAir | null {
    const { live, programs } = this.#options;
    const entry = live.get(stream);
    const program = programs.get(stream);
    // Something of that name may still be ending for a channel that was deleted.
    return onAir(stream, entry?.channelId === id ? entry : null, program?.channelId === id ? program : null);
  }

  all(): OnAir[] {
    const { live, programs } = this.#options;
    const own = live.all().flatMap((entry) => {
      if (isMixChannel(entry.channelId)) return [];
      return this.of({ id: entry.channelId, stream: entry.stream }) ?? [];
    });
    const withoutOwn = [...programs.all()].flatMap(([stream, program]) =>
      live.get(stream)?.channelId === program.channelId ? [] : (onAir(stream, null, program) ?? []),
    );
    return [...own, ...withoutOwn];
  }

  /** What viewers get, and how many they are. */
  measure({ stream, entry, program }: OnAir): StreamMeasure {
    const { live, figures } = this.#options;
    const shown = program ? live.get(program.source) : entry;
    return { ...figures.picture(shown), ...figures.audience(stream) };
  }

  /** As the API tells it. */
  figures(onAir: OnAir): LiveFigures {
    const { video, audio, viewers, viewersByProtocol } = this.measure(onAir);
    return {
      source: onAir.source,
      protocol: onAir.protocol,
      since: rfc3339(onAir.sinceMs),
      video,
      audio,
      bitrateKbps: (video?.bitrateKbps ?? 0) + (audio?.bitrateKbps ?? 0),
      viewers,
      viewersByProtocol,
    };
  }
}

function onAir(stream: string, entry: LiveEntry | null, program: Program | null): OnAir | null {
  if (!entry && !program) return null;
  return {
    stream,
    channelId: (program ?? entry)?.channelId ?? '',
    state: program || entry?.interruptedAtMs === null ? 'live' : 'interrupted',
    source: program?.kind ?? 'direct',
    protocol: entry?.protocol ?? 'internal',
    sinceMs: entry?.sinceMs ?? program?.startedAtMs ?? 0,
    entry,
    program,
  };
}
