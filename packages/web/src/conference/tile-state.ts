import type { ConferenceMember } from '@lianmai/contract/rest';
import type { RtcLink } from '../rtc/link.ts';

/**
 * What is to be seen of a member.
 * - `joining`: does not send yet. `connecting`, `reconnecting`: we do not receive yet, or not at the moment.
 * - `gone`: its packets stopped and it may come back. `camera-off`: there is sound only.
 */
export type TileState = 'joining' | 'connecting' | 'reconnecting' | 'gone' | 'camera-off' | 'picture';

/** @param link over which it is received; null: not received. */
export function tileState(
  { state, muted }: Pick<ConferenceMember, 'state' | 'muted'>,
  link: Pick<RtcLink, 'state' | 'wasConnected'> | null,
): TileState {
  if (state === 'video-gone') return 'gone';
  if (state === 'joining') return 'joining';
  if (link?.state !== 'connected') return link?.wasConnected ? 'reconnecting' : 'connecting';
  return muted.video ? 'camera-off' : 'picture';
}

/** Most for one's picture, bit/s: the more there are, the smaller everybody is seen and the more everybody receives. */
export function videoBitrate(members: number, screen: boolean): number {
  if (screen) return 2_500_000;
  if (members <= 2) return 1_500_000;
  return members <= 4 ? 900_000 : 500_000;
}
