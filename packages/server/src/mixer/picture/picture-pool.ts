import type { Frame } from 'node-av/lib';
import { check } from '../../transcoder/codecs.ts';
import type { PictureShape } from '../layout/fit.ts';
import { allocatePicture, type Planes, planesOf } from './planes.ts';

/** A 4:2:0 picture with memory of its own, of which the views are made once. */
export interface Picture extends PictureShape {
  readonly frame: Frame;
  readonly planes: Planes;
}

/** One is shown, one or two wait for their time, some more when they come in bursts; what a rare flood needed is freed. */
const MOST_SPARE = 8;

/**
 * Copies of one input's decoded pictures, to be kept and looked into.
 *
 * The decoder's own are given back at once, for two reasons. node-av tells V8 of the memory of every decoded picture that is held, and V8 begins
 * to mark its heap whenever what it was told of grows by 8 MB: with some inputs it did nothing else. And views of a decoder's memory would have
 * to be made anew for each picture, and count as V8's own.
 */
export class PicturePool {
  #spare: Picture[] = [];

  /** A copy; give it back. @throws FFmpegError no memory, or a picture that is not 4:2:0 */
  copyOf(decoded: Frame): Picture {
    const { width, height } = decoded;
    const { num, den } = decoded.sampleAspectRatio;
    const picture = this.#take(width, height);
    picture.pixelAspect = num > 0 && den > 0 ? num / den : 1;
    try {
      check(picture.frame.copy(decoded), 'copying');
    } catch (error) {
      picture.frame.free();
      throw error;
    }
    return picture;
  }

  /** Nobody looks at it any more. */
  giveBack(picture: Picture): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(picture);
    else picture.frame.free();
  }

  /** Frees those that were given back. */
  close(): void {
    for (const { frame } of this.#spare.splice(0)) frame.free();
  }

  #take(width: number, height: number): Picture {
    const spare = this.#spare.pop();
    if (spare?.width === width && spare.height === height) return spare;
    // They are all of the size that the input had before.
    spare?.frame.free();
    this.close();
    return ownPicture({ width, height });
  }
}

/** Of square pixels, not filled yet. Free its frame. @throws FFmpegError no memory */
export function ownPicture({ width, height }: { width: number; height: number }): Picture {
  const frame = allocatePicture({ width, height });
  return { width, height, pixelAspect: 1, frame, planes: planesOf(frame) };
}
