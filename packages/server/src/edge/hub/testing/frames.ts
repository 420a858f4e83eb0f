import type { AudioFrame, DataFrame, Frame, VideoFrame } from '@lianmai/media';

/** Frames whose data says which they are, so that tests can follow each one to its receivers. */
export const videoConfig = (data = 'avcC'): VideoFrame => ({
  track: 'video',
  codec: 'h264',
  type: 'config',
  dts: 0,
  cts: 0,
  data: Buffer.from(data),
});

export const video = (type: 'key' | 'inter', dts: number, data = `${type} ${dts}`): VideoFrame => ({
  ...videoConfig(data),
  type,
  dts,
});

export const audioConfig = (data = 'ASC'): AudioFrame => ({
  track: 'audio',
  codec: 'aac',
  type: 'config',
  dts: 0,
  cts: 0,
  data: Buffer.from(data),
});

export const audio = (dts: number, data = `audio ${dts}`): AudioFrame => ({ ...audioConfig(data), type: 'key', dts });

export const metadata = (data = 'onMetaData'): DataFrame => ({
  track: 'data',
  codec: 'amf0',
  type: 'config',
  dts: 0,
  cts: 0,
  data: Buffer.from(data),
});

/** `data`, and when: enough to compare what came with what should have. */
export const told = (frames: readonly Frame[]): string[] =>
  frames.map(({ data, dts, type }) => (type === 'config' ? data.toString() : `${data} @${dts}`));
