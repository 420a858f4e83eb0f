import { AV_LOG_ERROR, AVFMT_FLAG_FLUSH_PACKETS } from 'node-av/constants';
import { type CodecContext, FFmpegError, FormatContext, Log, type Packet, type Stream } from 'node-av/lib';

/** A call into FFmpeg's RTMP did not return: it cannot be called off, so this process can only be killed (even exit() would wait for it). */
export class PushHung extends Error {
  constructor(doing: string) {
    super(`The server did not go on while ${doing}`);
  }
}

/** The push was refused or broke; the message carries what the server or the network said. */
export class PushFailed extends Error {}

const HUNG_AFTER_MS = 10_000;

/** FFmpeg's FLV muxer and RTMP client (enhanced RTMP for H.265, AV1 and Opus). Calls must not overlap. */
export class RtmpOutput {
  readonly #format = new FormatContext();
  readonly #errors: string[] = [];

  private constructor() {
    Log.setCallback((level, message) => {
      if (level <= AV_LOG_ERROR) this.#errors.push(message.trim());
    });
  }

  /**
   * Connects and starts publishing.
   * @throws PushFailed @throws PushHung
   */
  static async open(url: string, tracks: readonly CodecContext[]): Promise<RtmpOutput> {
    const output = new RtmpOutput();
    const format = output.#format;
    FFmpegError.throwIfError(format.allocOutputContext2(null, 'flv', url), 'allocOutputContext2');
    for (const track of tracks) {
      const stream = format.newStream();
      FFmpegError.throwIfError(stream.codecpar.fromContext(track), 'fromContext');
      stream.codecpar.codecTag = 0;
      stream.timeBase = track.timeBase;
    }
    format.setFlags(AVFMT_FLAG_FLUSH_PACKETS);
    FFmpegError.throwIfError(format.setOption('flvflags', 'no_duration_filesize'), 'flvflags');
    try {
      await output.#call('connecting', format.openOutput());
      await output.#call('starting', format.writeHeader());
    } catch (error) {
      if (!(error instanceof PushHung)) await output.#free();
      throw error;
    }
    return output;
  }

  /** @throws PushFailed @throws PushHung */
  async write(packet: Packet, track: number, from: CodecContext): Promise<void> {
    const stream = this.#format.streams[track] as Stream;
    packet.streamIndex = track;
    packet.rescaleTs(from.timeBase, stream.timeBase);
    await this.#call('sending', this.#format.interleavedWriteFrame(packet));
  }

  /**
   * Says goodbye unless the push has failed, and lets everything go.
   * @throws PushHung
   */
  async close(goodbye: boolean): Promise<void> {
    if (goodbye) await this.#call('ending', this.#format.writeTrailer()).catch(ignorePushFailed);
    await this.#free();
  }

  async #free(): Promise<void> {
    Log.resetCallback();
    await bounded('closing', this.#format.closeOutput());
    this.#format.freeContext();
  }

  async #call(doing: string, result: Promise<number>): Promise<void> {
    const code = await bounded(doing, result);
    if (code >= 0) return;
    const reason = this.#errors.at(-1) ?? new FFmpegError(code).message;
    throw new PushFailed(`Failed while ${doing}: ${reason}`);
  }
}

function ignorePushFailed(error: unknown): void {
  if (!(error instanceof PushFailed)) throw error;
}

async function bounded<T>(doing: string, result: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PushHung(doing)), HUNG_AFTER_MS);
  });
  try {
    return await Promise.race([result, hung]);
  } finally {
    clearTimeout(timer);
  }
}
