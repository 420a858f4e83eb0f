import { fileURLToPath } from 'node:url';
import type { PictureOptions, SoundOptions } from '../../packages/server/src/demo/encoders.ts';
import { Program } from './program.ts';

/** Publishes with codecs Debian's FFmpeg cannot push: H.265, AV1 and Opus by enhanced RTMP. */
export function publishEnhanced(
  url: string,
  video: PictureOptions['codec'] | null,
  audio: SoundOptions['codec'] | null,
): Program {
  const picture = video && {
    codec: video,
    width: 480,
    height: 270,
    fps: 25,
    bitrateKbps: 400,
    keyFrameEveryS: 1,
    bFrames: 0,
  };
  const sound = audio && { codec: audio, sampleRate: 48_000, bitrateKbps: 64 };
  const script = fileURLToPath(new URL('publish.ts', import.meta.url));
  return new Program(process.execPath, [script, JSON.stringify({ url, picture, sound })]);
}
