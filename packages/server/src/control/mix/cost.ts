import type { MixStatus } from '@lianmai/contract';
import type { MixSpec } from './spec.ts';

/*
 * What a mix costs, in cores (1: one whole core), from measurements on a 2-core machine at 25 fps: 1280x720 at 1.5 Mbit/s
 * takes 0.15 to compose and encode with the quality preset and 0.1 with the economy one; each input of 640x360 adds 0.0175,
 * a little more than half of it by its pixels.
 */
const ENCODE_PER_PIXEL = { quality: 0.152 / (1280 * 720 * 25), economy: 0.1 / (1280 * 720 * 25) } as const;
const DECODE_PER_PIXEL = 0.0095 / (640 * 360 * 25);
const PER_INPUT = 0.008;
const PER_MIX = 0.005;
/** A picture that does not move is encoded for next to nothing. */
const STILL_SHARE = 0.3;
/** A second name for a composition that is made already: relaying its frames. */
const SHARED = 0.01;

export interface PictureSize {
  width: number;
  height: number;
  fps: number;
}
/** Of an input that has not come yet. */
const USUAL_INPUT: PictureSize = { width: 640, height: 360, fps: 25 };

/**
 * Cores the mix will take.
 * @param sizeOf what is known of a stream that is an input; null: nothing.
 */
export function estimateCores({ inputs, canvas, output }: MixSpec, sizeOf: (stream: string) => PictureSize | null) {
  const moving = inputs.filter(({ source }) => 'stream' in source);
  const encode = canvas.width * canvas.height * output.fps * ENCODE_PER_PIXEL[output.preset];
  const decode = moving.map(({ source, video }) => {
    if (!video || !('stream' in source)) return PER_INPUT;
    const { width, height, fps } = sizeOf(source.stream) ?? USUAL_INPUT;
    return PER_INPUT + width * height * fps * DECODE_PER_PIXEL;
  });
  return PER_MIX + encode * (moving.length === 0 ? STILL_SHARE : 1) + decode.reduce((sum, cores) => sum + cores, 0);
}

/** A mix as its share of a mixer's time is reckoned. */
export interface CostedMix {
  composition: string;
  /** By {@link estimateCores}. */
  estimate: number;
  /** As the mixer tells; null: it has not told yet. */
  status: Pick<MixStatus, 'state' | 'cpu'> | null;
  /** Whether the measurement is of what the mix is now, and has settled. */
  settled: boolean;
}

/** How far a machine is from the one the constants are of; measured mixes tell. */
export function speedFactor(mixes: Iterable<CostedMix>): number {
  let [measured, estimated] = [0, 0];
  for (const { status, settled, estimate } of mixes)
    if (settled && status?.state === 'running') {
      measured += status.cpu;
      estimated += estimate;
    }
  // Little evidence says little: half a core of belief in the constants.
  const ratio = (measured + 0.5) / (estimated + 0.5);
  return Math.min(Math.max(ratio, 0.3), 4);
}

/** Cores that these mixes of one mixer take or may take at any moment: those that sleep or pass on may wake at once. */
export function loadOf(mixes: Iterable<CostedMix>, factor: number): number {
  const seen = new Set<string>();
  let load = 0;
  for (const { composition, estimate, status, settled } of mixes) {
    const expected = seen.has(composition) ? SHARED : estimate * factor;
    seen.add(composition);
    const measured = status?.state === 'running' ? status.cpu : null;
    load += measured === null ? expected : settled ? measured : Math.max(measured, expected);
  }
  return load;
}

export const sharedCost = SHARED;
