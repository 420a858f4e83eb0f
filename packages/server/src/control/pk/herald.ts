import type { PkSession } from '@lianmai/contract/im';
import type { PkSessionRow } from '../../store/schema.ts';
import type { ImDesk } from '../im/desk.ts';
import { rfc3339 } from '../rest/time.ts';
import type { RoomWithAnchor } from '../room/store.ts';
import { profileOf } from '../user/rules.ts';
import type { Arena } from './arena.ts';

export interface PkHeraldOptions {
  im: Pick<ImDesk, 'signal' | 'broadcast'>;
  arena: Pick<Arena, 'sidesOf' | 'admission'>;
  now: () => number;
}

/** What both rooms are told of a new state. */
const EVENTS: Partial<Record<PkSessionRow['state'], string>> = {
  battle: 'pk.started',
  punishment: 'pk.punishment',
  ended: 'pk.ended',
};

/** Tells both anchors, and both rooms, of what happens to a battle. */
export class PkHerald {
  readonly #options: PkHeraldOptions;

  constructor(options: PkHeraldOptions) {
    this.#options = options;
  }

  async view(session: PkSessionRow): Promise<PkSession> {
    const { id, state, createdAt, dueAt, score, targetScore, winnerRoomId, endReason } = session;
    const [first, second] = await this.#options.arena.sidesOf(session);
    return {
      id,
      sides: [
        { roomId: first.id, anchor: profileOf({ ...first, userId: first.anchorId }), score },
        { roomId: second.id, anchor: profileOf({ ...second, userId: second.anchorId }), score: targetScore },
      ],
      state,
      createdAt: rfc3339(createdAt),
      expiresAt: dueAt === null ? null : rfc3339(dueAt),
      winner: winnerRoomId,
      endReason,
    };
  }

  /** To the anchor who is to answer. */
  async invited(session: PkSessionRow): Promise<void> {
    const { im, arena, now } = this.#options;
    // Who comes back after the time is over has nothing to answer any more.
    const ttlMs = (session.dueAt ?? 0) - now();
    if (ttlMs <= 0) return;
    const [, target] = await arena.sidesOf(session);
    const params = { roomId: target.id, session: await this.view(session), reason: session.reason };
    im.signal(anchorOf(target), 'pk.invited', params, { ttlMs, signalId: `${session.id}-ask` });
  }

  /** To the anchor who invited: how it takes part, or that it was told no. */
  async answered(session: PkSessionRow, said: string | null): Promise<void> {
    const { im, arena } = this.#options;
    const sides = await arena.sidesOf(session);
    const [{ id: roomId, anchorId }] = sides;
    const accepted = session.state !== 'ended';
    const conference = accepted ? await arena.admission(session, sides, anchorId) : null;
    const params = { roomId, session: await this.view(session), accepted, reason: said, conference };
    // Another conference is another answer.
    const signalId = `${session.id}-answer-${conference?.conferenceId ?? 'no'}`;
    im.signal(anchorOf(sides[0]), 'pk.answered', params, { signalId });
  }

  /** Of a change of state: to both anchors, and to both rooms once they have been let in. */
  async changed(before: PkSessionRow, after: PkSessionRow, said: string | null): Promise<void> {
    if (after.state === 'joining' || after.endReason === 'rejected') await this.answered(after, said);
    if (after.state === 'ended') await this.endedAgain(after);
    const event = EVENTS[after.state];
    if (!event || before.state === 'asking') return;
    const session = await this.view(after);
    for (const roomId of [after.roomId, after.targetRoomId]) this.#broadcast(roomId, event, { session });
  }

  /** To both anchors, who may have been told before. */
  async endedAgain(ended: PkSessionRow): Promise<void> {
    const session = await this.view(ended);
    for (const room of await this.#options.arena.sidesOf(ended))
      this.#options.im.signal(
        anchorOf(room),
        'pk.ended',
        { roomId: room.id, session },
        { signalId: `${ended.id}-end` },
      );
  }

  scored({ id, roomId, targetRoomId, score, targetScore }: PkSessionRow): void {
    for (const room of [roomId, targetRoomId])
      this.#broadcast(room, 'pk.score', { sessionId: id, scores: [score, targetScore] });
  }

  #broadcast(roomId: string, event: string, params: object): void {
    this.#options.im.broadcast(roomId, event, params, 'signal');
  }
}

const anchorOf = ({ appId, anchorId }: RoomWithAnchor) => ({ appId, userId: anchorId });
