import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CACHE = join(import.meta.dirname, '..', '.cache');

/** What each input of a mix sends. */
export const MIX_SOURCE = { width: 640, height: 360, fps: 25, gopS: 2, videoKbps: 730, audioKbps: 64 };

/**
 * - `people`: a head that moves in a room, filmed by a camera on a table or in a hand, with its noise.
 * - `patterns`: test pattern, light, growing structures, all of the picture moving: harder than what people send.
 */
export const MIX_CONTENTS = ['people', 'patterns'] as const;
export type MixContent = (typeof MIX_CONTENTS)[number];

const { width, height, fps } = MIX_SOURCE;
const SIZE = `size=${width}x${height}:rate=${fps}`;

/** A camera's, before its encoder smooths it. */
const NOISE: Record<MixContent, number> = { people: 10, patterns: 4 };

/** Graphs without inputs. */
const PICTURES: Record<MixContent, (i: number) => string> = { people, patterns };

/**
 * FLV files, one for each input: H.264 without B-frames and a tone of its own in AAC. Each is made once.
 * @returns their paths.
 * @throws Error when ffmpeg is missing or fails.
 */
export async function mixSourceFiles(content: MixContent, count: number, seconds: number): Promise<string[]> {
  await mkdir(CACHE, { recursive: true });
  const files: string[] = [];
  for (let i = 0; i < count; i++) files.push(await sourceFile(content, i, seconds));
  return files;
}

async function sourceFile(content: MixContent, i: number, seconds: number): Promise<string> {
  const { gopS, videoKbps, audioKbps } = MIX_SOURCE;
  const file = join(CACHE, `mix-${content}-${i}-${width}x${height}-${videoKbps}-${audioKbps}-${seconds}s.flv`);
  if (existsSync(file)) return file;
  const gop = String(fps * gopS);
  const unfinished = `${file}.${process.pid}`;
  // Told to be what canvases are: nobody has colours to convert.
  const colours = '-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709';
  // The first packet of sound lies before 0 and would move the picture's time: it is left out.
  const options = `-map [v] -map 0:a -t ${seconds}
    -c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g ${gop} -keyint_min ${gop} -sc_threshold 0 -bf 0
    ${colours} -b:v ${videoKbps}k -maxrate ${videoKbps}k -bufsize ${videoKbps}k
    -c:a aac -b:a ${audioKbps}k -ac 2 -bsf:a noise=drop=eq(n\\,0) -f flv ${unfinished}`;
  const picture = `${PICTURES[content](i)},noise=alls=${NOISE[content]}:allf=t:all_seed=${i},format=yuv420p[v]`;
  const sound = `sine=frequency=${200 + 100 * i}:sample_rate=48000,volume=0.5`;
  const args = ['-v', 'error', '-y', '-f', 'lavfi', '-i', sound, '-filter_complex', picture, ...options.split(/\s+/)];
  try {
    await promisify(execFile)('ffmpeg', args);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('The benchmarks need ffmpeg to make their streams: apt-get install ffmpeg', { cause: error });
  }
  await rename(unfinished, file);
  return file;
}

function patterns(i: number): string {
  switch (i % 4) {
    case 0:
      return `testsrc2=${SIZE}`;
    case 1:
      return `gradients=${SIZE}:speed=0.03:nb_colors=6:seed=${i}`;
    case 2:
      return `mandelbrot=${SIZE}:start_x=${-0.7436 + i / 1e5}:start_scale=${1 / (1 + i)}`;
    default:
      return `life=${SIZE}:mold=20:ratio=0.1:seed=${i}:life_color=#e0b090:death_color=#304060,boxblur=3`;
  }
}

/** Places of the Mandelbrot set with something to see at each size. */
const ROOMS = [
  [-0.7453, 0.1127],
  [-0.1011, 0.9563],
  [-1.25, 0.02],
  [0.275, 0.006],
  [-0.7269, 0.1889],
  [-0.5622, 0.6428],
  [-1.7687, 0.0017],
  [0.365, 0.35],
] as const;

/** A still: one picture over and over. */
const STILL = `trim=end_frame=1,loop=-1:1,setpts=N/${fps}/TB`;

/** Every other camera is held in the hand, the others stand on a table: all of a picture moves, by parts of a pixel. */
function people(i: number): string {
  const [x, y] = ROOMS[i % ROOMS.length]!;
  const zoom = 0.02 / (1 + Math.floor(i / ROOMS.length));
  const shake = i % 2 === 0 ? 0.0015 : 0.006;
  const room = `mandelbrot=size=${width + 64}x${height + 36}:rate=${fps}:start_x=${x}:start_y=${y}:start_scale=${zoom}:end_scale=${zoom}:maxiter=400,
    gblur=0.6,eq=contrast=0.9:saturation=0.5,${STILL},rotate=a=${shake}*(sin(2*PI*t*0.31+${i})+0.5*sin(2*PI*t*1.3)),
    crop=${width}:${height}:x=32+${400 * shake}*sin(2*PI*t*0.43):y=18+${200 * shake}*sin(2*PI*t*0.57)`;
  const oval = '255*clip(8*(1-hypot((X-W/2)/(W/2)\\,(Y-H/2)/(H/2)))\\,0\\,1)';
  const head = `mandelbrot=size=220x300:rate=${fps}:start_x=${y}:start_y=${x}:start_scale=1.5:end_scale=1.5:maxiter=60,
    gblur=1.5,colorchannelmixer=.5:.3:.2:0:.4:.25:.15:0:.3:.2:.2,eq=brightness=0.2:contrast=0.7,format=yuva420p,
    trim=end_frame=1,geq=lum=lum(X\\,Y):cb=cb(X\\,Y):cr=cr(X\\,Y):a=${oval},${STILL},
    rotate=a=0.1*sin(2*PI*t*0.57+${i}):c=none:ow=300:oh=340`;
  return `${room}[room${i}];${head}[head${i}];
    [room${i}][head${i}]overlay=x=170+24*sin(2*PI*t*0.33+${i}):y=40+9*sin(2*PI*t*0.61):eval=frame`.replaceAll(
    /\s+/g,
    '',
  );
}
