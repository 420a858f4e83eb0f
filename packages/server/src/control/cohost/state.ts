import { LiveError } from '@lianmai/contract';
import type { CohostEndReason } from '@lianmai/contract/im';
import type { CohostSessionRow } from '../../store/schema.ts';

/** The seats beside the anchor of one room: who asks for one, who was asked to take one, who sits there. */
export interface Seats {
  readonly roomId: string;
  readonly anchorId: string;
  /** That are not ended, in the order they began. */
  readonly sessions: readonly CohostSessionRow[];
}

export interface SeatLimits {
  /** Seats. */
  most: number;
  /** How long the asked side may take to answer, and who was let in to come on air. */
  answerMs: number;
  joinMs: number;
}

/** What is asked or learnt. `by` is the user who says it. */
export type SeatInput =
  | { type: 'ask'; id: string; askedBy: 'user' | 'anchor'; userId: string; appId: string; reason: string | null }
  | { type: 'answer'; id: string; by: string; accept: boolean; reason: string | null }
  | { type: 'cancel' | 'leave'; id: string; by: string }
  | { type: 'kick'; id: string; by: string; reason: string | null }
  /** The co-anchor's stream in the conference is live. */
  | { type: 'seen'; userId: string }
  /** The co-anchor left the conference, was sent out of it by its owner, or vanished from it and from chat. */
  | { type: 'gone'; userId: string; reason: 'left' | 'kicked' | 'lost' }
  /** The user was sent out of the room. */
  | { type: 'banned'; userId: string }
  | { type: 'over'; reason: 'anchor-gone' | 'room-closed' }
  | { type: 'tick' };

/** One session's step. */
export interface SeatChange {
  session: CohostSessionRow;
  /** null: it is new. */
  before: CohostSessionRow['state'] | null;
  /** Words of the side that made the change. */
  said: string | null;
}

export interface SeatStep {
  seats: Seats;
  changes: readonly SeatChange[];
}

/** Asks that wait for an answer, in one room. */
export const MOST_ASKING = 100;

/**
 * The life of a co-host session: asking → joining → on-air → ended, and from each of them to ended. Both sides agree before
 * anybody is let in: one by asking, the other by its answer; asking the one who asks is an answer. Inputs about what is over
 * change nothing when they are learnt, and are refused when somebody asks for them.
 * @throws LiveError SESSION_NOT_FOUND, SESSION_OVER, COHOST_FULL, BUSY, FORBIDDEN.
 */
export function advance(seats: Seats, input: SeatInput, limits: SeatLimits, atMs: number): SeatStep {
  const turn = new Turn(seats, limits, atMs);
  switch (input.type) {
    case 'ask':
      turn.ask(input);
      break;
    case 'answer':
      turn.answer(turn.partyOf(input.id, input.by), input);
      break;
    case 'cancel':
    case 'leave':
      turn.leave(turn.partyOf(input.id, input.by), input.by);
      break;
    case 'kick':
      turn.kick(turn.partyOf(input.id, input.by), input);
      break;
    case 'seen':
      turn.seen(input.userId);
      break;
    case 'gone':
      turn.gone(input.userId, input.reason);
      break;
    case 'banned':
      turn.banned(input.userId);
      break;
    case 'over':
      turn.endAll(input.reason);
      break;
    case 'tick':
      turn.tick();
  }
  return turn.step();
}

/** The seats while one input changes it. */
class Turn {
  readonly #seats: Seats;
  readonly #limits: SeatLimits;
  readonly #atMs: number;
  readonly #changes: SeatChange[] = [];
  #sessions: CohostSessionRow[];

  constructor(seats: Seats, limits: SeatLimits, atMs: number) {
    this.#seats = seats;
    this.#limits = limits;
    this.#atMs = atMs;
    this.#sessions = [...seats.sessions];
  }

  step(): SeatStep {
    return { seats: { ...this.#seats, sessions: this.#sessions }, changes: this.#changes };
  }

  /** The session, for one of its two sides; others are not told that it is there. */
  partyOf(id: string, by: string): CohostSessionRow {
    const session = this.#sessions.find((one) => one.id === id);
    if (!session || (by !== session.userId && by !== this.#seats.anchorId)) throw sessionMissing(id);
    return session;
  }

  ask({ id, askedBy, userId, appId, reason }: Extract<SeatInput, { type: 'ask' }>): void {
    const { roomId, anchorId } = this.#seats;
    if (userId === anchorId) throw new LiveError('BAD_REQUEST', 'the anchor is on air already');
    const known = this.#sessions.find((session) => session.userId === userId);
    if (known) return this.#askAgain(known, askedBy, reason);
    if (this.#sessions.filter(({ state }) => state === 'asking').length >= MOST_ASKING)
      throw new LiveError('COHOST_FULL', 'too many are asking at this moment: try again in a few seconds');
    // Who asks takes no seat before the answer, but asking for none that is free is of no use.
    this.#checkSeat();
    const session: CohostSessionRow = {
      id,
      roomId,
      appId,
      userId,
      askedBy,
      reason,
      state: 'asking',
      createdAt: this.#atMs,
      dueAt: this.#atMs + this.#limits.answerMs,
      onAirAt: null,
      endedAt: null,
      endReason: null,
    };
    this.#sessions.push(session);
    this.#changes.push({ session, before: null, said: reason });
  }

  answer(
    session: CohostSessionRow,
    { by, accept, reason }: Pick<Extract<SeatInput, { type: 'answer' }>, 'by' | 'accept' | 'reason'>,
  ): void {
    if (by !== this.#asked(session)) throw new LiveError('FORBIDDEN', 'the other side answers: you asked');
    if (session.state !== 'asking') throw new LiveError('SESSION_OVER', 'this was answered before');
    if (this.#isLate(session)) throw sessionOver(session.id);
    if (accept) this.#admit(session, reason);
    else this.#end(session, 'rejected', reason);
  }

  leave(session: CohostSessionRow, by: string): void {
    if (session.state === 'asking') this.#end(session, by === this.#asked(session) ? 'rejected' : 'cancelled', null);
    else this.#end(session, by === session.userId ? 'left' : 'kicked', null);
  }

  kick(session: CohostSessionRow, { by, reason }: Extract<SeatInput, { type: 'kick' }>): void {
    if (by !== this.#seats.anchorId) throw new LiveError('FORBIDDEN', 'only the anchor sends co-anchors away');
    if (session.state !== 'asking') this.#end(session, 'kicked', reason);
    else this.#end(session, by === this.#asked(session) ? 'rejected' : 'cancelled', reason);
  }

  seen(userId: string): void {
    const session = this.#sessions.find((one) => one.userId === userId && one.state === 'joining');
    if (session) this.#change(session, { state: 'on-air', dueAt: null, onAirAt: this.#atMs }, null);
  }

  gone(userId: string, reason: 'left' | 'kicked' | 'lost'): void {
    const session = this.#sessions.find((one) => one.userId === userId);
    if (!session) return;
    if (session.state !== 'asking') this.#end(session, reason, null);
    // Who only asks has no conference to leave: that was a time before. The answer to an invitation may still come from
    // another connection: time decides.
    else if (session.askedBy === 'user' && reason === 'lost') this.#end(session, 'cancelled', null);
  }

  banned(userId: string): void {
    const session = this.#sessions.find((one) => one.userId === userId);
    if (session) this.#end(session, session.state === 'asking' ? 'cancelled' : 'kicked', null);
  }

  endAll(reason: CohostEndReason): void {
    for (const session of [...this.#sessions]) this.#end(session, reason, null);
  }

  tick(): void {
    for (const session of [...this.#sessions]) if (this.#isLate(session)) this.#end(session, 'timed-out', null);
  }

  /** Asking twice is asking once; asking the one who asks is saying yes. */
  #askAgain(known: CohostSessionRow, askedBy: 'user' | 'anchor', reason: string | null): void {
    if (known.state !== 'asking')
      throw new LiveError('BUSY', known.state === 'joining' ? 'is being let in already' : 'is on air already');
    if (known.askedBy !== askedBy && !this.#isLate(known)) return this.#admit(known, reason);
    if (this.#isLate(known)) throw new LiveError('BUSY', 'the ask before this one is just timing out: ask again');
    this.#changes.push({ session: known, before: 'asking', said: known.reason });
  }

  #admit(session: CohostSessionRow, said: string | null): void {
    this.#checkSeat();
    this.#change(session, { state: 'joining', dueAt: this.#atMs + this.#limits.joinMs }, said);
  }

  #checkSeat(): void {
    const taken = this.#sessions.filter(({ state }) => state === 'joining' || state === 'on-air').length;
    if (taken >= this.#limits.most)
      throw new LiveError(
        'COHOST_FULL',
        `all ${this.#limits.most} seats beside the anchor are taken: wait until somebody leaves`,
      );
  }

  /** Whose answer is waited for. */
  #asked({ askedBy, userId }: CohostSessionRow): string {
    return askedBy === 'user' ? this.#seats.anchorId : userId;
  }

  #isLate({ dueAt }: CohostSessionRow): boolean {
    return dueAt !== null && dueAt <= this.#atMs;
  }

  #change(session: CohostSessionRow, change: Partial<CohostSessionRow>, said: string | null): void {
    const after = { ...session, ...change };
    this.#sessions = this.#sessions.map((one) => (one === session ? after : one));
    this.#changes.push({ session: after, before: session.state, said });
  }

  #end(session: CohostSessionRow, endReason: CohostEndReason, said: string | null): void {
    const ended = { ...session, state: 'ended', dueAt: null, endedAt: this.#atMs, endReason } as const;
    this.#sessions = this.#sessions.filter((one) => one !== session);
    this.#changes.push({ session: ended, before: session.state, said });
  }
}

export const sessionMissing = (id: string): LiveError =>
  new LiveError('SESSION_NOT_FOUND', `there is no session "${id}" of yours: it is over, or was never`);

const sessionOver = (id: string): LiveError => new LiveError('SESSION_OVER', `session "${id}" has timed out: ask anew`);
