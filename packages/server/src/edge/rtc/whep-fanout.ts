import { type Frame, type VideoFrame, WireError } from '@lianmai/media';
import { parseAvcConfig } from '@lianmai/media/codec';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import { packetizeOpus, packetizeVideo } from './outgoing.ts';
import type { WhepViewer } from './whep-viewer.ts';

/** All WHEP viewers of one stream on this worker: each frame is made into packets once, whoever watches. */
export class WhepFanout implements StreamSink {
  readonly #stream: LiveStream;
  readonly #onEmpty: () => void;
  readonly #viewers = new Set<WhepViewer>();
  /** Of the newest picture. */
  #videoCodec: VideoFrame['codec'] | null = null;
  #parameterSets: readonly Buffer[] = [];
  /** Unix time of 0 on the stream's timeline, ms. */
  #originMs: number | null = null;
  readonly #now: () => number;

  /** @param onEmpty the last viewer has gone; the fan-out is detached by then. */
  constructor(stream: LiveStream, now: () => number, onEmpty: () => void) {
    this.#stream = stream;
    this.#now = now;
    this.#onEmpty = onEmpty;
    if (stream.headers.video) this.#configure(stream.headers.video);
    stream.attach(this);
  }

  add(viewer: WhepViewer): void {
    this.#viewers.add(viewer);
    this.#stream.countViewers('whep', 1);
    if (this.#mustAgreeAnew(viewer)) return viewer.close();
    viewer.catchUp(this.#parameterSets);
  }

  /** Removing a viewer that is not there does nothing. */
  remove(viewer: WhepViewer): void {
    if (!this.#viewers.delete(viewer)) return;
    this.#stream.countViewers('whep', -1);
    if (this.#viewers.size > 0) return;
    this.#stream.detach(this);
    this.#onEmpty();
  }

  frame(frame: Frame): void {
    if (frame.type === 'config') {
      if (frame.track === 'video') this.#configure(frame);
      return;
    }
    this.#originMs ??= this.#now() - frame.dts;
    if (frame.track === 'video') this.#video(frame);
    else if (frame.track === 'audio' && frame.codec === 'opus') {
      const packet = packetizeOpus(frame);
      for (const viewer of this.#viewers) viewer.sendAudio(packet);
    }
  }

  /** To be called once a second. */
  report(): void {
    if (this.#originMs === null) return;
    const nowMs = this.#now();
    for (const viewer of [...this.#viewers]) viewer.report(nowMs, nowMs - this.#originMs);
  }

  resumed(): void {
    for (const viewer of this.#viewers) viewer.awaitKey();
  }

  ended(): void {
    for (const viewer of [...this.#viewers]) viewer.close();
  }

  #video(frame: VideoFrame): void {
    // What a viewer was told at its start cannot be changed: it comes back and agrees anew.
    if (hasReordering(frame)) return this.#close(({ video }) => video !== null);
    if (frame.codec !== this.#videoCodec) {
      this.#videoCodec = frame.codec;
      this.#close((viewer) => this.#mustAgreeAnew(viewer));
    }
    const packets = packetizeVideo(frame, this.#parameterSets);
    for (const viewer of this.#viewers) viewer.sendVideo(frame, packets);
  }

  #close(which: (viewer: WhepViewer) => boolean): void {
    for (const viewer of [...this.#viewers]) if (which(viewer)) viewer.close();
  }

  /** Whether it cannot show the pictures that come: those of another codec, or a mix's where the channel's own stream had none. */
  #mustAgreeAnew({ video, videoCodec, missesVideo }: WhepViewer): boolean {
    if (this.#videoCodec === null) return false;
    return video ? videoCodec !== this.#videoCodec : missesVideo && this.#stream.source !== this.#stream.name;
  }

  #configure(config: VideoFrame): void {
    if (config.codec !== 'h264') return;
    const read = parseAvcConfig(config.data);
    this.#parameterSets = read instanceof WireError ? [] : [...read.sps, ...read.pps];
  }
}

/** Pictures shown before one that was decoded earlier: WebRTC receivers show them in the order of decoding. */
export function hasReordering({ type, cts }: VideoFrame): boolean {
  return type === 'inter' && cts !== 0;
}
