import type { VideoFrame } from '@lianmai/media';
import { AV_PKT_FLAG_KEY } from 'node-av/constants';
import { Frame, Packet } from 'node-av/lib';
import { toJpeg } from '../mixer/picture/jpeg.ts';
import { check, openDecoder } from './codecs.ts';
import { sizeWithin } from './picture-size.ts';

/** FFmpeg's scale: good enough for what is shown small. */
const QUALITY = 6;

/** A picture that can be decoded by itself, with what its decoder has to know first. */
export interface KeyPicture {
  /** null: the codec needs none. */
  config: VideoFrame | null;
  key: VideoFrame;
}

/**
 * A small JPEG of one picture; it is decoded off the event loop's thread.
 * @param widest px; a smaller picture keeps its size.
 * @throws FFmpegError when it cannot be decoded.
 */
export async function stillOf({ config, key }: KeyPicture, widest: number): Promise<Buffer> {
  // VP9's record is for players alone.
  using decoder = openDecoder(key.codec, key.codec === 'vp9' ? null : (config?.data ?? null));
  using packet = new Packet();
  using frame = new Frame();
  packet.alloc();
  frame.alloc();
  packet.data = key.data;
  packet.pts = 0n;
  packet.dts = 0n;
  packet.setFlags(AV_PKT_FLAG_KEY);
  check(await decoder.sendPacket(packet), 'sendPacket');
  // A decoder that waits for pictures to be put in order is told that there are no more.
  check(await decoder.sendPacket(null), 'flush');
  check(await decoder.receiveFrame(frame), 'receiveFrame');
  return toJpeg(frame, QUALITY, sizeWithin(frame, widest));
}
