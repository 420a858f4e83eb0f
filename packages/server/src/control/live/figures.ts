import type { PlayProtocol, WorkerReport } from '@lianmai/contract';
import type { AudioFigures, LiveFigures, VideoFigures } from '@lianmai/contract/rest';
import type { FigureSampleRow } from '../../store/schema.ts';
import { rfc3339 } from '../rest/time.ts';
import type { LiveEntry } from './state.ts';

type StreamReport = WorkerReport['streams'][number];
type Viewers = Partial<Record<PlayProtocol, number>>;

/** Everything the workers measure of one stream, put together. */
export interface StreamMeasure {
  video: VideoFigures | null;
  audio: AudioFigures | null;
  viewers: number;
  viewersByProtocol: Viewers;
}

/** The newest reports of all workers, summed per stream when asked. */
export class FigureBoard {
  readonly #byWorker = new Map<string, ReadonlyMap<string, StreamReport>>();
  /** Since the last sample. */
  readonly #flow = new Map<string, { bytesOut: number; framesDropped: number }>();
  #sampledAtMs: number;

  constructor(nowMs: number) {
    this.#sampledAtMs = nowMs;
  }

  /** @param counted false for an answer to a question: its bytes come again in the worker's next report. */
  report({ worker, streams }: WorkerReport, counted = true): void {
    this.#byWorker.set(worker, new Map(streams.map((report) => [report.stream, report])));
    if (!counted) return;
    for (const { stream, bytesOut, framesDropped } of streams) {
      const flow = this.#flow.get(stream) ?? { bytesOut: 0, framesDropped: 0 };
      this.#flow.set(stream, flow);
      flow.bytesOut += bytesOut;
      flow.framesDropped += framesDropped;
    }
  }

  /** A worker is gone, and its viewers with it. */
  forget(worker: string): void {
    this.#byWorker.delete(worker);
  }

  measure({ stream, sessionId, interruptedAtMs }: LiveEntry): StreamMeasure {
    const viewersByProtocol: Viewers = {};
    let publisher: StreamReport | undefined;
    for (const reports of this.#byWorker.values()) {
      const report = reports.get(stream);
      if (!report) continue;
      if (report.publishing && report.sessionId === sessionId) publisher = report;
      for (const [protocol, count = 0] of Object.entries(report.viewers) as [PlayProtocol, number | undefined][])
        viewersByProtocol[protocol] = (viewersByProtocol[protocol] ?? 0) + count;
    }
    const live = interruptedAtMs === null ? publisher : undefined;
    const viewers = Object.values(viewersByProtocol).reduce((sum, count) => sum + count, 0);
    return { video: live?.video ?? null, audio: live?.audio ?? null, viewers, viewersByProtocol };
  }

  /** One row for each stream, for the time since the last call, stamped with the nearest point of a grid of `gridMs`. */
  sample(entries: readonly LiveEntry[], nowMs: number, gridMs: number): FigureSampleRow[] {
    const seconds = Math.max(nowMs - this.#sampledAtMs, 1) / 1000;
    const rows = entries.map((entry) => this.#row(entry, Math.round(nowMs / gridMs) * gridMs, seconds));
    this.#flow.clear();
    this.#sampledAtMs = nowMs;
    return rows;
  }

  #row(entry: LiveEntry, at: number, seconds: number): FigureSampleRow {
    const { video, audio, viewers, viewersByProtocol } = this.measure(entry);
    const { bytesOut, framesDropped } = this.#flow.get(entry.stream) ?? { bytesOut: 0, framesDropped: 0 };
    return {
      channelId: entry.channelId,
      at,
      viewers,
      viewersByProtocol: JSON.stringify(viewersByProtocol),
      videoKbps: Math.round(video?.bitrateKbps ?? 0),
      audioKbps: Math.round(audio?.bitrateKbps ?? 0),
      fps: video?.fps ?? 0,
      gopMs: Math.round(video?.gopMs ?? 0),
      outKbps: Math.round((bytesOut * 8) / 1000 / seconds),
      framesDropped,
    };
  }
}

/** What the API tells of a live channel. */
export function liveFigures(entry: LiveEntry, measure: StreamMeasure): LiveFigures {
  const { video, audio, viewers, viewersByProtocol } = measure;
  return {
    source: 'direct',
    protocol: entry.protocol,
    since: rfc3339(entry.sinceMs),
    video,
    audio,
    bitrateKbps: (video?.bitrateKbps ?? 0) + (audio?.bitrateKbps ?? 0),
    viewers,
    viewersByProtocol,
  };
}
