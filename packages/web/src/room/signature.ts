import type { Room } from '@lianmai/contract/rest';
import { type Answer, ask } from '../account/ask.ts';
import { currentSession } from '../account/session.ts';
import { playQuery } from '../player/engines/addresses.ts';

/** What signs the play addresses of a room as one sees it: `?txSecret=…&txTime=…`, or nothing. */
export const signatureOf = ({ channel }: Pick<Room, 'channel'>): string =>
  playQuery(new URL(channel.play.watch).search);

/**
 * Asks for a signature of now: where not everybody may watch, rooms give it to whoever is logged in.
 * @returns null: one gets none. @throws when the server can't be asked now.
 */
export async function freshSignature(roomId: string): Promise<string | null> {
  if (!currentSession()) return null;
  const room = known(await ask<Room>('GET', `/v1/rooms/${encodeURIComponent(roomId)}`));
  return (room && signatureOf(room)) || null;
}

/** The same of a stream: it may be a room's. */
export async function signatureOfStream(stream: string): Promise<string | null> {
  if (!currentSession()) return null;
  const list = known(await ask<{ items: Room[] }>('GET', `/v1/rooms?${new URLSearchParams({ stream })}`));
  const [room] = list?.items ?? [];
  return (room && signatureOf(room)) || null;
}

function known<T>(answer: Answer<T>): T | null {
  if (answer.ok) return answer.value;
  const { problem } = answer;
  if (problem.kind !== 'refused' || problem.name === 'RATE_LIMITED') throw new Error('the server does not answer');
  return null;
}
