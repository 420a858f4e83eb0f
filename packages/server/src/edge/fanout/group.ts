import type { EndReason } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import { StartRule } from '../hub/start-rule.ts';
import { Backlog } from './backlog.ts';
import { type FanoutFormat, headFrames } from './format.ts';
import { Lane } from './lane.ts';
import type { Viewer } from './viewer.ts';

export interface ViewerLimits {
  viewerQueueBytes: number;
  viewerStallMs: number;
}

/** The viewers of one stream in one format: each frame is written once, each flush of a lane is one buffer for all of it. */
export class Group implements StreamSink {
  readonly stream: LiveStream;
  readonly format: FanoutFormat;
  readonly #limits: ViewerLimits;
  readonly #backlog = new Backlog();
  readonly #lanes = new Map<number, Lane>();
  readonly #rule = new StartRule();
  #endReason: EndReason | null = null;

  constructor(stream: LiveStream, format: FanoutFormat, limits: ViewerLimits) {
    this.stream = stream;
    this.format = format;
    this.#limits = limits;
    for (const frame of stream.gop) this.#push(frame);
    stream.attach(this);
  }

  get empty(): boolean {
    return this.#lanes.size === 0;
  }

  frame(frame: Frame): void {
    if (frame.type === 'config') {
      // A newcomer's head has to fit the frames that follow it.
      for (const lane of this.#lanes.values()) lane.join = null;
      if (this.stream.gop.length === 0) this.#backlog.forgetStarts(this.#backlog.end);
    } else if (this.stream.gop.length === 0) {
      // The GOP is too long to be kept, by us either; lanes that have not flushed its beginning yet still need it.
      this.#backlog.forgetStarts(this.#flushed());
    }
    this.#push(frame);
  }

  resumed(): void {
    this.#rule.restart();
  }

  ended(reason: EndReason): void {
    this.#endReason = reason;
  }

  /** The viewer's first bytes leave at once: the head and the GOP up to its lane's last flush. */
  join(viewer: Viewer, phase: number, prefix: Buffer | undefined): void {
    const lane = this.#lanes.get(phase) ?? new Lane(this, phase, this.#backlog.end);
    this.#lanes.set(phase, lane);
    lane.add(viewer);
    viewer.queueLimit = this.#limits.viewerQueueBytes;
    const { socket } = viewer;
    socket.cork();
    if (prefix) socket.write(prefix);
    if (viewer.progress === 'new') lane.join ??= this.#joinBuffer(lane.cursor);
    if (viewer.progress === 'new' && lane.join) {
      viewer.progress = 'flowing';
      viewer.queueLimit += lane.join.length;
      socket.write(lane.join);
      this.stream.countSent(this.format.protocol, lane.join.length);
    }
    socket.uncork();
  }

  leave(viewer: Viewer): Lane | null {
    const { lane } = viewer;
    if (!lane) return null;
    lane.remove(viewer);
    if (lane.viewers.length > 0) return null;
    this.#lanes.delete(lane.phase);
    return lane;
  }

  /** Writes what came since the lane's last flush, and ends its viewers when the stream is over. */
  flush(lane: Lane): void {
    const from = lane.cursor;
    const to = this.#backlog.end;
    if (from < to) {
      lane.cursor = to;
      lane.join = null;
      this.#write(lane, from, to);
      this.#trim();
    }
    if (this.#endReason === null) return;
    for (const viewer of lane.viewers.slice()) {
      viewer.leave();
      viewer.events.ended(this.#endReason);
    }
  }

  #write(lane: Lane, from: number, to: number): void {
    const { viewers } = lane;
    const { viewerQueueBytes, viewerStallMs } = this.#limits;
    const merged = this.#merge(this.#backlog.slice(from, to));
    const start = this.#backlog.newestStart(from);
    let first: Buffer | undefined;
    let again: Buffer | undefined;
    let sent = 0;
    let dropped = 0;
    for (const viewer of viewers) {
      const { socket } = viewer;
      const queued = socket.writableLength;
      if (queued > 0) viewer.watch(viewerStallMs);
      else viewer.queueLimit = viewerQueueBytes;
      let bytes: Buffer | undefined;
      if (viewer.progress === 'flowing') {
        if (queued <= viewer.queueLimit) bytes = merged;
        else viewer.progress = 'behind';
      } else if (start !== null && queued === 0) {
        bytes =
          viewer.progress === 'new'
            ? (first ??= this.#beginning(start, to))
            : (again ??= this.#merge([...this.#configs(), ...this.#backlog.slice(start, to)]));
        viewer.progress = 'flowing';
      }
      if (!bytes) {
        if (viewer.progress === 'behind') dropped += to - from;
        continue;
      }
      socket.write(bytes);
      sent += bytes.length;
    }
    this.stream.countSent(this.format.protocol, sent);
    if (dropped > 0) this.stream.countDropped(dropped);
  }

  #push(frame: Frame): void {
    // New metadata at 0 like a newcomer's, see headFrames.
    const isMetadata = frame.track === 'data' && frame.type === 'config';
    const bytes = this.format.frame(isMetadata ? { ...frame, dts: 0 } : frame);
    if (bytes) this.#backlog.push(bytes, this.#rule.isStart(frame, this.#expectsVideo()));
  }

  #expectsVideo(): boolean {
    const { video } = this.stream.headers;
    return video !== null && this.format.frame(video) !== null;
  }

  #joinBuffer(cursor: number): Buffer | null {
    const start = this.#backlog.startBefore(cursor);
    return start === null ? null : this.#beginning(start, cursor);
  }

  #beginning(start: number, to: number): Buffer {
    const { headers, gop } = this.stream;
    return this.#merge([this.format.head(headers, gop), ...this.#backlog.slice(start, to)]);
  }

  /** A viewer that left frames out may have missed a change of these. */
  #configs(): Buffer[] {
    return headFrames(this.stream.headers, this.stream.gop).flatMap((frame) => this.format.frame(frame) ?? []);
  }

  #merge(parts: Buffer[]): Buffer {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (!this.format.envelope) return parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes);
    const envelope = this.format.envelope(bytes);
    return Buffer.concat([envelope, ...parts], envelope.length + bytes);
  }

  /** Up to where every lane is flushed. */
  #flushed(): number {
    let flushed = this.#backlog.end;
    for (const { cursor } of this.#lanes.values()) flushed = Math.min(flushed, cursor);
    return flushed;
  }

  #trim(): void {
    let oldest = this.#backlog.end;
    for (const { cursor } of this.#lanes.values())
      oldest = Math.min(oldest, this.#backlog.startBefore(cursor) ?? cursor);
    this.#backlog.trim(oldest);
  }
}
