import {
  AV_CODEC_ID_MJPEG,
  AV_CODEC_ID_PNG,
  AV_CODEC_ID_WEBP,
  AV_PIX_FMT_RGBA,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV422P,
  AV_PIX_FMT_YUV444P,
  AV_PIX_FMT_YUVJ420P,
  AV_PIX_FMT_YUVJ422P,
  AV_PIX_FMT_YUVJ444P,
  AVCOL_RANGE_JPEG,
  SWS_AREA,
} from 'node-av/constants';
import { Codec, CodecContext, FFmpegError, Frame, Packet, SoftwareScaleContext } from 'node-av/lib';
import type { Rect, Size } from '../layout/tile.ts';
import { MOST_PIXELS } from './picture-decoder.ts';
import type { Rgba } from './sprite.ts';

/** Kept pictures are not longer than this: no canvas is. */
const LONGEST_SIDE = 1280;
const BYTES = 4;
const OVERREAD = 256;

/** JPEG's own name for each format in full range. */
const FULL_RANGE = new Map<number, number>([
  [AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P],
  [AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P],
  [AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P],
]);

/**
 * A PNG, JPEG or WebP as pixels, made smaller when it is very large. Decodes off the event loop's thread.
 *
 * @throws Error it is none of these, is damaged or has more than 4096 x 4096 pixels
 */
export async function readPicture(bytes: Buffer): Promise<Rgba> {
  const codec = Codec.findDecoder(codecOf(bytes));
  using context = new CodecContext();
  context.allocContext3(codec);
  context.threadCount = 1;
  FFmpegError.throwIfError(context.setOption('max_pixels', String(MOST_PIXELS)), 'max_pixels');
  FFmpegError.throwIfError(await context.open2(codec, null), 'opening a picture');
  using packet = new Packet();
  packet.alloc();
  packet.data = bytes;
  FFmpegError.throwIfError(await context.sendPacket(packet), 'reading a picture');
  FFmpegError.throwIfError(await context.sendPacket(null), 'reading a picture');
  using frame = new Frame();
  frame.alloc();
  FFmpegError.throwIfError(await context.receiveFrame(frame), 'reading a picture');
  const shrink = Math.min(1, LONGEST_SIDE / Math.max(frame.width, frame.height));
  const side = (length: number) => Math.max(2, 2 * Math.round((length * shrink) / 2));
  const format = FULL_RANGE.get(frame.format);
  if (format !== undefined) {
    frame.format = format as typeof frame.format;
    frame.colorRange = AVCOL_RANGE_JPEG;
  }
  return await scaled(frame, { width: side(frame.width), height: side(frame.height) });
}

/** A part of a picture in another size. */
export function resize(picture: Rgba, part: Rect, size: Size): Rgba {
  using context = new SoftwareScaleContext();
  context.getContext(part.width, part.height, AV_PIX_FMT_RGBA, size.width, size.height, AV_PIX_FMT_RGBA, SWS_AREA);
  const from = Buffer.from(picture.data.buffer, picture.data.byteOffset, picture.data.byteLength);
  using out = rgbaFrame(size);
  const source = from.subarray((part.y * picture.width + part.x) * BYTES);
  const rows = context.scaleSync([source], [picture.width * BYTES], 0, part.height, out.data ?? [], out.linesize);
  FFmpegError.throwIfError(rows, 'scaling a picture');
  return pixelsOf(out);
}

async function scaled(frame: Frame, size: Size): Promise<Rgba> {
  using out = rgbaFrame(size);
  using context = new SoftwareScaleContext();
  context.allocContext();
  FFmpegError.throwIfError(context.setOption('sws_flags', 'area'), 'sws_flags');
  FFmpegError.throwIfError(await context.scaleFrame(out, frame), 'scaling a picture');
  return pixelsOf(out);
}

/** swscale writes beyond a row's end: only FFmpeg's own buffers have room there. */
function rgbaFrame(size: Size): Frame {
  const frame = new Frame();
  frame.alloc();
  Object.assign(frame, { ...size, format: AV_PIX_FMT_RGBA });
  FFmpegError.throwIfError(frame.getBuffer(0), 'getBuffer');
  return frame;
}

function pixelsOf({ data, linesize, width, height }: Frame): Rgba {
  const plane = data?.[0];
  const stride = linesize[0] ?? 0;
  if (!plane) throw new Error('the picture is empty');
  const row = width * BYTES;
  // It reads beyond the end as well.
  const pixels = new Uint8Array(row * height + OVERREAD).subarray(0, row * height);
  for (let y = 0; y < height; y++) pixels.set(plane.subarray(y * stride, y * stride + row), y * row);
  return { width, height, data: pixels };
}

function codecOf(bytes: Buffer) {
  if (bytes.subarray(1, 4).toString('latin1') === 'PNG') return AV_CODEC_ID_PNG;
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return AV_CODEC_ID_MJPEG;
  if (bytes.subarray(8, 12).toString('latin1') === 'WEBP') return AV_CODEC_ID_WEBP;
  throw new Error('a picture is neither PNG nor JPEG nor WebP');
}
