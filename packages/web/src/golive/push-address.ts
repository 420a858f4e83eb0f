import type { Room } from '@lianmai/contract/rest';
import type { Answer } from '../account/ask.ts';
import { onThisOrigin } from '../rtc/endpoint.ts';

/**
 * Where to push to now. Addresses are signed for a time; a broadcast may last longer, and break after.
 * @param ask for the room as its anchor sees it.
 * @returns null when it is not told.
 */
export async function freshPushAddress(
  roomId: string,
  ask: (roomId: string) => Promise<Answer<Room>>,
): Promise<string | null> {
  const answer = await ask(roomId);
  const push = answer.ok ? answer.value.channel.push : undefined;
  return push ? onThisOrigin(push.whip) : null;
}
