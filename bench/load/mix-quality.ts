import { once } from 'node:events';
import type { MixTask } from '../peers/mix-peer.ts';
import { spawnWithFiles } from '../processes.ts';
import { composingFilters, MIX_CANVAS } from './mix-canvas.ts';

export interface MixQuality {
  /** Against the composition of the same inputs that was never encoded, over all frames and planes, dB. */
  psnr: number;
  ssim: number;
  videoKbps: number;
  frames: number;
}

/** Neutral: none of the mixers scales so carefully. */
const SCALING = 'lanczos+accurate_rnd+full_chroma_int';

/**
 * Compares a mix with what it should look like, picture by picture.
 * @throws Error when it cannot be read.
 */
export async function qualityOf({ inputs, tiles, seconds, output }: MixTask): Promise<MixQuality> {
  const { fps } = MIX_CANVAS;
  // By number: a muxer may have moved its times.
  const numbered = `settb=1/${fps},setpts=N`;
  const filters = [
    composingFilters(tiles, SCALING, 'composed'),
    `[composed]${numbered},format=yuv420p,split[c0][c1]`,
    `[${inputs.length}:v]${numbered},format=yuv420p,split[m0][m1]`,
    '[m0][c0]psnr=shortest=1[p]',
    '[m1][c1]ssim=shortest=1[s]',
  ].join(';');
  const compared = await ffmpeg([
    ...inputs.flatMap((file) => ['-t', String(seconds), '-i', file]),
    ...['-i', output, '-filter_complex', filters, '-map', '[p]', '-f', 'null', '-', '-map', '[s]', '-f', 'null', '-'],
  ]);
  const counted = await ffmpeg(['-i', output, '-map', '0:v', '-c', 'copy', '-f', 'null', '-']);
  const frames = numberIn(counted, /frame=\s*(\d+)/g);
  return {
    psnr: numberIn(compared, /PSNR.* average:([\d.]+)/g),
    ssim: numberIn(compared, /SSIM.* All:([\d.]+)/g),
    videoKbps: (numberIn(counted, /video:(\d+)kB/g) * 8.192 * fps) / frames,
    frames,
  };
}

async function ffmpeg(args: readonly string[]): Promise<string> {
  const options = ['-hide_banner', '-nostdin', '-nostats', ...args];
  const child = spawnWithFiles('ffmpeg', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child, 'close');
  return said;
}

/** The last one that was said. @throws Error when none was. */
function numberIn(text: string, pattern: RegExp): number {
  const last = [...text.matchAll(pattern)].at(-1)?.[1];
  if (last === undefined) throw new Error(`ffmpeg did not say ${pattern.source}:\n${text}`);
  return Number(last);
}
