import { AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709 } from 'node-av/constants';
import { FFmpegError, Frame } from 'node-av/lib';
import type { Rect, Size } from '../layout/tile.ts';
import type { Yuv } from './colour.ts';

/** The memory of a 4:2:0 picture: views, valid as long as the picture has its buffers. */
export interface Planes {
  data: [Buffer, Buffer, Buffer];
  linesize: [number, number, number];
}

const NARROW = 24;

/** A 4:2:0 picture of BT.709 in limited range with memory of its own, not filled yet. Free it. */
export function allocatePicture({ width, height }: Size): Frame {
  const frame = new Frame();
  frame.alloc();
  Object.assign(frame, { width, height, format: AV_PIX_FMT_YUV420P });
  frame.colorRange = AVCOL_RANGE_MPEG;
  frame.colorSpace = AVCOL_SPC_BT709;
  const code = frame.getBuffer(0);
  if (code < 0) frame.free();
  FFmpegError.throwIfError(code, 'getBuffer');
  return frame;
}

export function planesOf(frame: Frame): Planes {
  const { data, linesize } = frame;
  const [y, u, v] = data ?? [];
  if (!y || !u || !v) throw new Error('this picture has no planes');
  return { data: [y, u, v], linesize: [linesize[0] as number, linesize[1] as number, linesize[2] as number] };
}

/** The same memory from a pixel (even) on. */
export function planesFrom(planes: Planes, left: number, top: number): Planes {
  if (left === 0 && top === 0) return planes;
  const {
    data: [y, u, v],
    linesize,
  } = planes;
  const at = (plane: number) =>
    plane === 0 ? top * linesize[0] + left : (top >> 1) * linesize[plane as 1 | 2] + (left >> 1);
  return { data: [y.subarray(at(0)), u.subarray(at(1)), v.subarray(at(2))], linesize };
}

export function fillRect(planes: Planes, rect: Rect, colour: Yuv): void {
  if (rect.width <= 0 || rect.height <= 0) return;
  fillPlane(planes.data[0], planes.linesize[0], rect, 0, colour.y);
  fillPlane(planes.data[1], planes.linesize[1], rect, 1, colour.u);
  fillPlane(planes.data[2], planes.linesize[2], rect, 1, colour.v);
}

function fillPlane(plane: Buffer, linesize: number, rect: Rect, shift: 0 | 1, value: number): void {
  const width = rect.width >> shift;
  const end = (rect.y + rect.height) >> shift;
  for (let row = rect.y >> shift; row < end; row++) {
    const from = row * linesize + (rect.x >> shift);
    // A call costs more than a few bytes.
    if (width > NARROW) plane.fill(value, from, from + width);
    else for (let i = from; i < from + width; i++) plane[i] = value;
  }
}

const bytesOf = ({ width, height }: Size) => (width * height * 3) / 2;

/** What is on a part of a picture, kept so that it can be put back. */
export class Backing {
  readonly rect: Rect;
  readonly #bytes: Buffer;

  /** @param rect even */
  constructor(rect: Rect) {
    this.rect = rect;
    this.#bytes = Buffer.allocUnsafe(bytesOf(rect));
  }

  save(planes: Planes): void {
    this.#each(planes, (plane, from, width, at) => plane.copy(this.#bytes, at, from, from + width));
  }

  restore(planes: Planes): void {
    this.#each(planes, (plane, from, width, at) => this.#bytes.copy(plane, from, at, at + width));
  }

  /** The kept bytes of one plane, rows without padding. */
  plane(index: 0 | 1 | 2): Uint8Array {
    const luma = this.rect.width * this.rect.height;
    const start = index === 0 ? 0 : luma + ((index - 1) * luma) / 4;
    return this.#bytes.subarray(start, start + (index === 0 ? luma : luma / 4));
  }

  #each({ data, linesize }: Planes, take: (plane: Buffer, from: number, width: number, at: number) => void): void {
    let at = 0;
    for (const index of [0, 1, 2] as const) {
      const shift = index === 0 ? 0 : 1;
      const width = this.rect.width >> shift;
      const end = (this.rect.y + this.rect.height) >> shift;
      for (let row = this.rect.y >> shift; row < end; row++, at += width)
        take(data[index], row * linesize[index] + (this.rect.x >> shift), width, at);
    }
  }
}
