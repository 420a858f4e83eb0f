import type { PlayProtocol, WorkerReport } from '@lianmai/contract';
import type { AudioFigures, VideoFigures } from '@lianmai/contract/rest';
import type { FigureSampleRow } from '../../store/schema.ts';
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

  measure(entry: LiveEntry): StreamMeasure {
    return { ...this.picture(entry), ...this.audience(entry.stream) };
  }

  /** What the publisher sends. @param entry null: there is none. */
  picture(entry: LiveEntry | null): Pick<StreamMeasure, 'video' | 'audio'> {
    if (entry?.interruptedAtMs !== null) return { video: null, audio: null };
    for (const reports of this.#byWorker.values()) {
      const report = reports.get(entry.stream);
      if (report?.publishing && report.sessionId === entry.sessionId)
        return { video: report.video, audio: report.audio };
    }
    return { video: null, audio: null };
  }

  /** Who watches, on all workers. */
  audience(stream: string): Pick<StreamMeasure, 'viewers' | 'viewersByProtocol'> {
    const viewersByProtocol: Viewers = {};
    for (const reports of this.#byWorker.values())
      for (const [protocol, count = 0] of Object.entries(reports.get(stream)?.viewers ?? {}) as [
        PlayProtocol,
        number | undefined,
      ][])
        viewersByProtocol[protocol] = (viewersByProtocol[protocol] ?? 0) + count;
    const viewers = Object.values(viewersByProtocol).reduce((sum, count) => sum + count, 0);
    return { viewers, viewersByProtocol };
  }

  /** One row for each stream, for the time since the last call, stamped with the nearest point of a grid of `gridMs`. */
  sample(
    streams: readonly { stream: string; channelId: string; measure: StreamMeasure }[],
    nowMs: number,
    gridMs: number,
  ): FigureSampleRow[] {
    const seconds = Math.max(nowMs - this.#sampledAtMs, 1) / 1000;
    const at = Math.round(nowMs / gridMs) * gridMs;
    const rows = streams.map(({ stream, channelId, measure }) => {
      const { bytesOut, framesDropped } = this.#flow.get(stream) ?? { bytesOut: 0, framesDropped: 0 };
      const outKbps = Math.round((bytesOut * 8) / 1000 / seconds);
      return { channelId, at, ...sampled(measure), outKbps, framesDropped };
    });
    this.#flow.clear();
    this.#sampledAtMs = nowMs;
    return rows;
  }
}

const sampled = ({ video, audio, viewers, viewersByProtocol }: StreamMeasure) => ({
  viewers,
  viewersByProtocol: JSON.stringify(viewersByProtocol),
  videoKbps: Math.round(video?.bitrateKbps ?? 0),
  audioKbps: Math.round(audio?.bitrateKbps ?? 0),
  fps: video?.fps ?? 0,
  gopMs: Math.round(video?.gopMs ?? 0),
});
