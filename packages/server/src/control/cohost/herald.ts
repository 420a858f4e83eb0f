import type { ConferenceEvent } from '@lianmai/contract';
import type { CohostSession } from '@lianmai/contract/im';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { CohostSessionRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { Gathering } from '../conference/state.ts';
import type { ImDesk } from '../im/desk.ts';
import { rfc3339 } from '../rest/time.ts';
import { profileOf } from '../user/rules.ts';
import { findUser } from '../user/store.ts';

export interface HeraldOptions {
  db: Db;
  im: Pick<ImDesk, 'signal' | 'broadcast'>;
  /** How long an ask is worth telling of. */
  answerMs: number;
}

type Of = Pick<RoomRow, 'id' | 'anchorId'>;

/** Tells both sides, and the room, of what happens to a session. */
export class Herald {
  readonly #options: HeraldOptions;

  constructor(options: HeraldOptions) {
    this.#options = options;
  }

  async view(session: CohostSessionRow): Promise<CohostSession> {
    const { id, roomId, appId, userId, askedBy, reason, state, createdAt, dueAt, onAirAt, endReason } = session;
    const user = await findUser(this.#options.db, { appId, userId });
    return {
      id,
      roomId,
      user: profileOf(user ?? { userId, nickname: userId, avatar: null }),
      askedBy,
      reason,
      state,
      createdAt: rfc3339(createdAt),
      expiresAt: dueAt === null ? null : rfc3339(dueAt),
      onAirAt: onAirAt === null ? null : rfc3339(onAirAt),
      endReason,
    };
  }

  /** To the side that is to answer. */
  async asked(room: Of, session: CohostSessionRow): Promise<void> {
    const { im, answerMs } = this.#options;
    const byUser = session.askedBy === 'user';
    const to = { appId: session.appId, userId: byUser ? room.anchorId : session.userId };
    const params = { roomId: room.id, session: await this.view(session) };
    // Who comes back after the time is over has nothing to answer any more.
    const options = { ttlMs: answerMs, signalId: `${session.id}-ask` };
    im.signal(to, byUser ? 'cohost.requested' : 'cohost.invited', params, options);
  }

  /**
   * To the side that asked.
   * @param conference how it takes part; null: it was told no.
   */
  async answered(
    room: Of,
    session: CohostSessionRow,
    said: string | null,
    conference: ConferenceJoin | null,
  ): Promise<void> {
    const params = {
      roomId: room.id,
      session: await this.view(session),
      accepted: session.state !== 'ended',
      reason: said,
      conference,
    };
    const to = { appId: session.appId, userId: askingSide(room, session) };
    this.#options.im.signal(to, 'cohost.answered', params, { signalId: `${session.id}-answer` });
  }

  async started(room: Of, session: CohostSessionRow): Promise<void> {
    this.#options.im.broadcast(room.id, 'cohost.started', { session: await this.view(session) }, 'signal');
  }

  /** To both sides; and to the room, when it has seen the co-anchor. */
  async ended(room: Of, session: CohostSessionRow, wasOnAir: boolean, said: string | null): Promise<void> {
    const { im } = this.#options;
    const params = { roomId: room.id, session: await this.view(session), reason: said };
    for (const userId of [session.userId, room.anchorId])
      im.signal({ appId: session.appId, userId }, 'cohost.ended', params, { signalId: `${session.id}-end` });
    if (wasOnAir) im.broadcast(room.id, 'cohost.ended', params, 'signal');
  }

  /** To all members of a conference: whose stream came or went, or was muted. */
  memberChanged({ conference, members }: Gathering, { type, userId }: ConferenceEvent): void {
    const change = MEMBER_CHANGES[type];
    if (!change || userId === null) return;
    const params = { conferenceId: conference.id, userId, change };
    for (const member of members)
      this.#options.im.signal({ appId: conference.appId, userId: member.userId }, 'conference.member', params);
  }
}

const MEMBER_CHANGES: Partial<Record<ConferenceEvent['type'], 'joined' | 'left' | 'muted'>> = {
  'on-air': 'joined',
  left: 'left',
  kicked: 'left',
  muted: 'muted',
};

/** Who waits for the answer. */
export const askingSide = (room: Of, { askedBy, userId }: CohostSessionRow): string =>
  askedBy === 'user' ? userId : room.anchorId;
