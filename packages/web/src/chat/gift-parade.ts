import type { RoomMember } from '@lianmai/contract/im';

/** Somebody's gift, as it is shown over the picture for a moment. */
export interface ShownGift {
  id: string;
  from: RoomMember;
  giftId: string;
  name: string;
  count: number;
  /** Of the newest one. */
  atMs: number;
}

/** For so long one is shown; another of the same counts on, and is shown for as long again. */
export const SHOWN_MS = 4_000;
/** So many have room; the newest count. */
const MOST = 2;

/** What is shown once one more was given. */
export function withGift(shown: readonly ShownGift[], gift: ShownGift): readonly ShownGift[] {
  const fresh = stillShown(shown, gift.atMs);
  const same = fresh.find(({ from, giftId }) => from.userId === gift.from.userId && giftId === gift.giftId);
  if (!same) return [...fresh, gift].slice(-MOST);
  return fresh.map((one) => (one === same ? { ...same, count: same.count + gift.count, atMs: gift.atMs } : one));
}

/** What is shown at that time. The same list when nothing is over. */
export function stillShown(shown: readonly ShownGift[], nowMs: number): readonly ShownGift[] {
  const fresh = shown.filter(({ atMs }) => nowMs - atMs < SHOWN_MS);
  return fresh.length === shown.length ? shown : fresh;
}
