import type { PlayProtocol } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import type { StreamHeaders } from '../hub/sink.ts';

/**
 * How a protocol writes a stream, the same bytes for every viewer. One object per format for the whole process: viewers
 * who share the object share every buffer.
 */
export interface FanoutFormat {
  readonly protocol: PlayProtocol;
  /** What a viewer gets before any frame: file header, metadata, configurations. `gop` is what follows it. */
  head(headers: Readonly<StreamHeaders>, gop: readonly Frame[]): Buffer;
  /** One frame on the wire, called once per frame; null when this format leaves it out. */
  frame(frame: Frame): Buffer | null;
  /** What goes before each merged write of `bytes` bytes, such as a WebSocket frame header. */
  envelope?(bytes: number): Buffer;
}

/**
 * Metadata and configurations as a newcomer gets them before `gop`: decoder configurations at the first frame's time, for
 * their own may lie behind each other's; metadata at 0, since FFmpeg takes any later one for a subtitle.
 */
export function headFrames({ metadata, video, audio }: Readonly<StreamHeaders>, gop: readonly Frame[]): Frame[] {
  const dts = gop[0]?.dts;
  const frames: Frame[] = metadata ? [{ ...metadata, dts: 0 }] : [];
  for (const config of [video, audio]) if (config) frames.push({ ...config, dts: dts ?? config.dts });
  return frames;
}
