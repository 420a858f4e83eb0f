import type { PlayProtocol } from '@lianmai/contract';
import { LiveStreamImpl, type LiveStreamOptions } from '../hub/live-stream.ts';
import type { LiveStream } from '../hub/sink.ts';

/** A stream's converted frames; its viewers and their bytes are the stream's own. */
export class VariantStream extends LiveStreamImpl {
  readonly #source: LiveStream;

  constructor(source: LiveStream, options: LiveStreamOptions) {
    super(options);
    this.#source = source;
  }

  override countViewers(protocol: PlayProtocol, change: number): void {
    this.#source.countViewers(protocol, change);
  }

  override countSent(protocol: PlayProtocol, bytes: number): void {
    this.#source.countSent(protocol, bytes);
  }

  override countDropped(frames: number): void {
    this.#source.countDropped(frames);
  }
}
