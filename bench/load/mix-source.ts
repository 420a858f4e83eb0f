import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CACHE = join(import.meta.dirname, '..', '.cache');

/** What each input of a mix sends. */
export const MIX_SOURCE = { width: 640, height: 360, fps: 25, gopS: 2, videoKbps: 730, audioKbps: 64 };

/** Moving pictures of different kinds, with a camera's noise: patterns with edges, soft light, structure that grows. */
const PICTURES = [
  (size: string) => `testsrc2=${size}`,
  (size: string, i: number) => `gradients=${size}:speed=0.03:nb_colors=6:seed=${i}`,
  (size: string, i: number) => `mandelbrot=${size}:start_x=${-0.7436 + i / 1e5}:start_scale=${1 / (1 + i)}`,
  (size: string, i: number) =>
    `life=${size}:mold=20:ratio=0.1:seed=${i}:life_color=#e0b090:death_color=#304060,boxblur=3`,
];

/**
 * FLV files, one for each input: H.264 without B-frames and a tone of its own in AAC. Each is made once.
 * @returns their paths.
 * @throws Error when ffmpeg is missing or fails.
 */
export async function mixSourceFiles(count: number, seconds: number): Promise<string[]> {
  await mkdir(CACHE, { recursive: true });
  const files: string[] = [];
  for (let i = 0; i < count; i++) files.push(await sourceFile(i, seconds));
  return files;
}

async function sourceFile(i: number, seconds: number): Promise<string> {
  const { width, height, fps, gopS, videoKbps, audioKbps } = MIX_SOURCE;
  const file = join(CACHE, `mix-${i}-${width}x${height}-${videoKbps}-${audioKbps}-${seconds}s.flv`);
  if (existsSync(file)) return file;
  const picture = PICTURES[i % PICTURES.length]!(`size=${width}x${height}:rate=${fps}`, i);
  // The first packet of sound lies before 0 and would move the picture's time: it is left out.
  const gop = String(fps * gopS);
  const unfinished = `${file}.${process.pid}`;
  // Told to be what canvases are: nobody has colours to convert.
  const colours = '-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709';
  const args = `-v error -y
    -f lavfi -i ${picture},noise=alls=5:allf=t:all_seed=${i},format=yuv420p
    -f lavfi -i sine=frequency=${200 + 100 * i}:sample_rate=48000,volume=0.5 -t ${seconds}
    -c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g ${gop} -keyint_min ${gop} -sc_threshold 0 -bf 0
    ${colours} -b:v ${videoKbps}k -maxrate ${videoKbps}k -bufsize ${videoKbps}k
    -c:a aac -b:a ${audioKbps}k -ac 2 -bsf:a noise=drop=eq(n\\,0) -f flv ${unfinished}`;
  try {
    await promisify(execFile)('ffmpeg', args.split(/\s+/));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('The benchmarks need ffmpeg to make their streams: apt-get install ffmpeg', { cause: error });
  }
  await rename(unfinished, file);
  return file;
}
