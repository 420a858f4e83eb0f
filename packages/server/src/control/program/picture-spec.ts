import type { PictureId } from '@lianmai/contract';
import { DEFAULT_CANVAS, type MixSpec } from '../mix/spec.ts';

const LONGEST_SIDE = 1280;
const SHORTEST_SIDE = 16;
/** Enough for players to begin at once; a picture that stands still takes little more for it. */
const FPS = 10;

/** A mix of one picture that stands still, as large as it is or as fits, with silence. @param size null: it is gone. */
export function pictureSpec(picture: PictureId, size: { width: number; height: number } | null): MixSpec {
  const { width, height } = size ?? DEFAULT_CANVAS;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const even = (length: number) => Math.max(SHORTEST_SIDE, Math.round((length * scale) / 2) * 2);
  return {
    inputs: [
      {
        id: 'picture',
        source: { picture },
        label: null,
        avatar: null,
        volume: 0,
        muted: true,
        video: true,
        mixMinus: false,
      },
    ],
    layout: { template: 'full' },
    canvas: { ...DEFAULT_CANVAS, width: even(width), height: even(height), transitionMs: 0 },
    output: { fps: FPS, videoKbps: 400, audioKbps: 32, gopMs: 2000, preset: 'economy' },
  };
}
