import type { CreateRoom, Room, RoomPulse, UpdateRoom } from '@lianmai/contract/rest';
import { type Answer, ask } from '../account/ask.ts';
import { type AskFailure, getJson, type Answer as PollAnswer } from '../live/api.ts';

/** Most rooms one page lists. */
const LIST_LIMIT = 60;

/** Rooms that are on air, most watched first, whose title or anchor has `search` in it. */
export async function fetchRooms(search: string, signal: AbortSignal): Promise<PollAnswer<Room[]>> {
  const query = new URLSearchParams({ sort: 'viewers', limit: String(LIST_LIMIT) });
  if (search !== '') query.set('search', search);
  const answer = await getJson<{ items: Room[] }>(`/v1/rooms?${query}`, signal);
  if (!answer.ok) return answer;
  return { ok: true, value: answer.value.items.filter(({ state }) => state === 'live' || state === 'interrupted') };
}

/** One room as anybody sees it; null when there is none of this id. */
export async function fetchRoom(id: string, signal: AbortSignal): Promise<PollAnswer<Room | null>> {
  const answer = await ask<Room>('GET', pathOf(id), undefined, signal);
  if (answer.ok) return answer;
  const { problem } = answer;
  if (problem.kind !== 'refused') return { ok: false, failure: failureOf(problem.kind) };
  if (problem.name === 'ROOM_NOT_FOUND' || problem.name === 'BAD_REQUEST') return { ok: true, value: null };
  return { ok: false, failure: { kind: 'refused', status: 400, message: problem.message } };
}

const failureOf = (kind: 'offline' | 'away'): AskFailure => ({ kind: kind === 'offline' ? 'offline' : 'unreachable' });

export const openRoom = (wish: CreateRoom): Promise<Answer<Room>> => ask('POST', '/v1/rooms', wish);
/** With the push addresses, for its anchor. */
export const ownRoom = (id: string): Promise<Answer<Room>> => ask('GET', pathOf(id));
export const changeRoom = (id: string, change: UpdateRoom): Promise<Answer<Room>> => ask('PATCH', pathOf(id), change);
export const closeRoom = (id: string): Promise<Answer<undefined>> => ask('DELETE', pathOf(id));
/** Says that the anchor's page is there. */
export const beat = (id: string): Promise<Answer<RoomPulse>> => ask('POST', `${pathOf(id)}/heartbeat`);

const pathOf = (id: string) => `/v1/rooms/${encodeURIComponent(id)}`;
