import type { RoomEvent } from '@lianmai/contract';
import type { RoomCloseReason } from '@lianmai/contract/rest';
import type { RoomRow } from '../../store/schema.ts';

/** A room without a heartbeat of its anchor and without a stream for so long is closed. */
export const GONE_AFTER_MS = 90_000;

/** As much of a room as changes by itself. */
export type RoomLife = Pick<
  RoomRow,
  'state' | 'beatAt' | 'liveSince' | 'onAirSince' | 'onAirMs' | 'offAirAt' | 'dueAt' | 'closedAt' | 'closeReason'
>;

/** What happens to a room. */
export type RoomInput =
  /** The anchor's page is there. */
  | { type: 'beat' }
  /** Whether its channel is on air now. */
  | { type: 'stream'; live: boolean }
  | { type: 'tick' }
  /** Control was away: nobody is late for that. */
  | { type: 'restarted' }
  | { type: 'close'; reason: RoomCloseReason };

export interface RoomStep<T extends RoomLife> {
  room: T;
  event: Pick<RoomEvent, 'type' | 'reason'> | null;
}

/** A room that was just opened. */
export const newLife = (nowMs: number): RoomLife => ({
  state: 'preparing',
  beatAt: nowMs,
  liveSince: null,
  onAirSince: null,
  onAirMs: 0,
  offAirAt: null,
  dueAt: nowMs + GONE_AFTER_MS,
  closedAt: null,
  closeReason: null,
});

/**
 * The life of a room: preparing → live ⇄ interrupted → closed. A stream keeps it open, and so does the anchor's page; 90 s after
 * both are gone it closes. Closed is for good.
 */
export function advance<T extends RoomLife>(room: T, input: RoomInput, nowMs: number): RoomStep<T> {
  if (room.state === 'closed') return { room, event: null };
  switch (input.type) {
    case 'beat':
    case 'restarted':
      return { room: withDeadline({ ...room, beatAt: Math.max(room.beatAt, nowMs) }), event: null };
    case 'stream':
      return input.live ? goOnAir(room, nowMs) : goOffAir(room, nowMs);
    case 'tick':
      return room.state !== 'live' && deadline(room) <= nowMs
        ? close(room, 'vanished', nowMs)
        : { room: withDeadline(room), event: null };
    case 'close':
      return close(room, input.reason, nowMs);
  }
}

/** On air until now, all stretches together. */
export const onAirMs = ({ onAirMs, onAirSince }: RoomLife, nowMs: number): number =>
  onAirMs + (onAirSince === null ? 0 : Math.max(0, nowMs - onAirSince));

function goOnAir<T extends RoomLife>(room: T, nowMs: number): RoomStep<T> {
  if (room.state === 'live') return { room, event: null };
  return {
    room: {
      ...room,
      state: 'live',
      liveSince: room.liveSince ?? nowMs,
      onAirSince: nowMs,
      offAirAt: null,
      dueAt: null,
    },
    event: { type: 'live', reason: null },
  };
}

function goOffAir<T extends RoomLife>(room: T, nowMs: number): RoomStep<T> {
  if (room.state !== 'live') return { room, event: null };
  const off = {
    ...room,
    state: 'interrupted' as const,
    onAirMs: onAirMs(room, nowMs),
    onAirSince: null,
    offAirAt: nowMs,
  };
  return { room: withDeadline(off), event: { type: 'interrupted', reason: null } };
}

function close<T extends RoomLife>(room: T, reason: RoomCloseReason, nowMs: number): RoomStep<T> {
  return {
    room: {
      ...room,
      state: 'closed',
      onAirMs: onAirMs(room, nowMs),
      onAirSince: null,
      dueAt: null,
      closedAt: nowMs,
      closeReason: reason,
    },
    event: { type: 'closed', reason },
  };
}

const deadline = ({ beatAt, offAirAt }: RoomLife): number => Math.max(beatAt, offAirAt ?? 0) + GONE_AFTER_MS;

const withDeadline = <T extends RoomLife>(room: T): T =>
  room.state === 'live' ? room : { ...room, dueAt: deadline(room) };
