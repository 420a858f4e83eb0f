/** Publishes the moving test card by FFmpeg 8 (enhanced RTMP), as a process of its own so that it can be killed. */
import type { PictureOptions, SoundOptions } from '../../packages/server/src/demo/encoders.ts';
import { pushTestCard } from '../../packages/server/src/demo/push.ts';

const { url, picture, sound } = JSON.parse(process.argv[2] ?? '{}') as {
  url: string;
  picture: PictureOptions | null;
  sound: SoundOptions | null;
};
const end = new AbortController();
process.on('SIGTERM', () => end.abort());
try {
  await pushTestCard({ url, picture, sound, signal: end.signal, onLive: () => console.log('live') });
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
