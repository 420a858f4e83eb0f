import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CACHE = join(import.meta.dirname, '..', '.cache');
const SECONDS = 20;

/** What every publisher of the benchmarks sends. */
export const SOURCE = { width: 640, height: 360, fps: 25, gopS: 2, videoKbps: 730, audioKbps: 64, totalKbps: 800 };

/**
 * The FLV file that publishers play over and over: H.264 without B-frames and AAC, a moving picture with noise, so that
 * the encoder has a use for all of its 800 kbit/s. Made once.
 * @returns its path.
 * @throws Error when ffmpeg is missing or fails.
 */
export async function sourceFile(): Promise<string> {
  const { width, height, fps, gopS, videoKbps, audioKbps } = SOURCE;
  const file = join(CACHE, `source-${width}x${height}-${videoKbps}-${audioKbps}-${SECONDS}s.flv`);
  if (existsSync(file)) return file;
  await mkdir(CACHE, { recursive: true });
  const gop = String(fps * gopS);
  const unfinished = `${file}.${process.pid}`;
  const args = `-v error -y
    -f lavfi -i testsrc2=size=${width}x${height}:rate=${fps},noise=alls=12:allf=t
    -f lavfi -i anoisesrc=color=pink:amplitude=0.3:sample_rate=44100:seed=1 -t ${SECONDS}
    -c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g ${gop} -keyint_min ${gop} -sc_threshold 0 -bf 0
    -b:v ${videoKbps}k -maxrate ${videoKbps}k -bufsize ${videoKbps / 2}k
    -c:a aac -b:a ${audioKbps}k -ac 2 -f flv ${unfinished}`;
  try {
    await promisify(execFile)('ffmpeg', args.split(/\s+/));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('The benchmarks need ffmpeg to make their stream: apt-get install ffmpeg', { cause: error });
  }
  await rename(unfinished, file);
  return file;
}
