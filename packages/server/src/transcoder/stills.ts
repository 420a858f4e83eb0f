import { LiveError } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { LiveStream, StreamSink } from '../edge/hub/sink.ts';
import { type KeyPicture, stillOf } from './still.ts';

export interface StillsOptions {
  /** @throws LiveError STREAM_NOT_LIVE, UNAVAILABLE. */
  open(stream: string): Promise<LiveStream>;
}

/** A publisher's next key frame is waited for so long. */
const KEY_WITHIN_MS = 4000;
const MOST_WAITING = 50;
/** px. */
const WIDEST = 1280;

/** Makes stills of live streams, one after the other: a list of rooms must not take the machine from the rooms. */
export class Stills {
  readonly #options: StillsOptions;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: StillsOptions) {
    this.#options = options;
  }

  /**
   * A JPEG of the stream's newest key frame.
   * @param width px at most.
   * @throws LiveError STREAM_NOT_LIVE: there is no picture; UNAVAILABLE: too many are asked for.
   */
  async take(stream: string, width: number): Promise<Buffer> {
    if (this.#waiting >= MOST_WAITING)
      throw new LiveError('UNAVAILABLE', 'too many pictures are asked for: try again in a second');
    this.#waiting += 1;
    try {
      const picture = await this.#keyPicture(stream);
      return await this.#inTurn(() => stillOf(picture, Math.min(width, WIDEST)));
    } finally {
      this.#waiting -= 1;
    }
  }

  async #keyPicture(name: string): Promise<KeyPicture> {
    const stream = await this.#options.open(name);
    return (
      pictureIn(stream) ??
      new Promise<KeyPicture>((resolve, reject) => {
        const none = () => reject(new LiveError('STREAM_NOT_LIVE', `"${name}" has no picture now`));
        const sink: StreamSink = {
          frame(frame: Frame) {
            if (frame.track !== 'video' || frame.type !== 'key') return;
            done();
            resolve({ config: stream.headers.video, key: frame });
          },
          ended() {
            done();
            none();
          },
        };
        const deadline = setTimeout(() => {
          done();
          none();
        }, KEY_WITHIN_MS);
        const done = () => {
          clearTimeout(deadline);
          stream.detach(sink);
        };
        stream.attach(sink);
      })
    );
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(job);
    this.#tail = done.catch(() => {});
    return done;
  }
}

function pictureIn({ headers, gop }: LiveStream): KeyPicture | null {
  for (const frame of gop)
    if (frame.track === 'video' && frame.type === 'key') return { config: headers.video, key: frame };
  return null;
}
