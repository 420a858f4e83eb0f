import type { PlayerSnapshot } from './player.ts';

/** Whether nobody could tell the two apart. */
export function sameSnapshot(a: PlayerSnapshot, b: PlayerSnapshot): boolean {
  const { size: sizeA, ...restA } = a;
  const { size: sizeB, ...restB } = b;
  if (sizeA?.width !== sizeB?.width || sizeA?.height !== sizeB?.height) return false;
  return Object.entries(restA).every(([key, value]) => value === restB[key as keyof typeof restB]);
}
