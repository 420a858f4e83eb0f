import { LiveError } from '@lianmai/contract';
import type { PkEndReason } from '@lianmai/contract/im';
import type { PkSessionRow } from '../../store/schema.ts';

/** A battle with who may decide in it. */
export interface Battle {
  readonly session: PkSessionRow;
  /** The anchor who invited, and the one who was. */
  readonly anchors: readonly [string, string];
}

export interface BattleTimes {
  answerMs: number;
  joinMs: number;
  battleMs: number;
  punishmentMs: number;
}

/** What is asked or learnt. `by` is the user who says it. */
export type BattleInput =
  | { type: 'answer'; by: string; accept: boolean }
  | { type: 'cancel' | 'quit'; by: string }
  /** Both anchors' pictures are there. */
  | { type: 'joined' }
  /** `roomId`: whose anchor is gone; null: it is nobody's doing. */
  | { type: 'over'; reason: 'anchor-gone' | 'room-closed'; roomId: string | null }
  | { type: 'tick' };

/**
 * The life of a battle: asking → joining → battle → punishment → ended. An anchor may quit from joining on; whoever quits a
 * battle, or goes, has lost it. A battle without a winner has no punishment. Points are counted beside it, as long as it is on.
 * @returns the same session when nothing changed.
 * @throws LiveError SESSION_NOT_FOUND, SESSION_OVER, FORBIDDEN.
 */
export function advance(battle: Battle, input: BattleInput, times: BattleTimes, atMs: number): PkSessionRow {
  const { session } = battle;
  switch (input.type) {
    case 'answer':
      return answer(battle, input, times, atMs);
    case 'cancel':
      return sideOf(battle, input.by) === 0 || session.state !== 'asking'
        ? quit(battle, input.by, atMs)
        : end(session, 'rejected', atMs);
    case 'quit':
      return quit(battle, input.by, atMs);
    case 'joined':
      return session.state === 'joining' ? { ...session, state: 'battle', dueAt: atMs + times.battleMs } : session;
    case 'over':
      return session.state === 'ended' ? session : giveUp(session, input, atMs);
    case 'tick':
      return session.dueAt !== null && session.dueAt <= atMs ? timeUp(session, times, atMs) : session;
  }
}

function answer(
  battle: Battle,
  { by, accept }: Extract<BattleInput, { type: 'answer' }>,
  { joinMs }: BattleTimes,
  atMs: number,
): PkSessionRow {
  const { session } = battle;
  if (sideOf(battle, by) !== 1) throw new LiveError('FORBIDDEN', 'the other side answers: you invited');
  if (session.state !== 'asking') throw new LiveError('SESSION_OVER', 'this invitation was answered, or is over');
  if (session.dueAt !== null && session.dueAt <= atMs)
    throw new LiveError('SESSION_OVER', 'the invitation has timed out');
  return accept ? { ...session, state: 'joining', dueAt: atMs + joinMs } : end(session, 'rejected', atMs);
}

function quit(battle: Battle, by: string, atMs: number): PkSessionRow {
  const { session } = battle;
  const side = sideOf(battle, by);
  if (session.state === 'ended') return session;
  if (session.state === 'asking') return end(session, side === 0 ? 'cancelled' : 'rejected', atMs);
  const winnerRoomId = session.state === 'battle' ? roomsOf(session)[1 - side]! : session.winnerRoomId;
  return end({ ...session, winnerRoomId }, 'quit', atMs);
}

function giveUp(
  session: PkSessionRow,
  { reason, roomId }: Extract<BattleInput, { type: 'over' }>,
  atMs: number,
): PkSessionRow {
  if (session.state !== 'battle' || roomId === null) return end(session, reason, atMs);
  const winnerRoomId = roomId === session.roomId ? session.targetRoomId : session.roomId;
  return end({ ...session, winnerRoomId }, reason, atMs);
}

function timeUp(session: PkSessionRow, { punishmentMs }: BattleTimes, atMs: number): PkSessionRow {
  if (session.state === 'asking' || session.state === 'joining') return end(session, 'timed-out', atMs);
  if (session.state === 'punishment') return end(session, 'over', atMs);
  const winnerRoomId = leaderOf(session);
  if (winnerRoomId === null || punishmentMs === 0) return end({ ...session, winnerRoomId }, 'over', atMs);
  return { ...session, state: 'punishment', winnerRoomId, dueAt: atMs + punishmentMs };
}

/** @throws LiveError SESSION_NOT_FOUND for anybody else: others are not told that it is there. */
function sideOf({ session, anchors }: Battle, by: string): 0 | 1 {
  const side = anchors.indexOf(by);
  if (side === 0 || side === 1) return side;
  throw battleMissing(session.id);
}

function leaderOf({ roomId, targetRoomId, score, targetScore }: PkSessionRow): string | null {
  if (score === targetScore) return null;
  return score > targetScore ? roomId : targetRoomId;
}

const roomsOf = ({ roomId, targetRoomId }: PkSessionRow) => [roomId, targetRoomId] as const;

const end = (session: PkSessionRow, endReason: PkEndReason, atMs: number): PkSessionRow => ({
  ...session,
  state: 'ended',
  dueAt: null,
  endedAt: atMs,
  endReason,
});

export const battleMissing = (id: string): LiveError =>
  new LiveError('SESSION_NOT_FOUND', `there is no session "${id}" of yours: it is over, or was never`);
