import { createHash } from 'node:crypto';
import type { ConferenceEvent } from '@lianmai/contract';
import type { CohostSession } from '@lianmai/contract/im';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { AppUserRow, CohostSessionRow, RoomRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { type Gathering, isPresent } from '../conference/state.ts';
import type { ImDesk } from '../im/desk.ts';
import { rfc3339 } from '../rest/time.ts';
import { profileOf } from '../user/rules.ts';
import { findUser, findUsers } from '../user/store.ts';

export interface HeraldOptions {
  db: Db;
  im: Pick<ImDesk, 'signal' | 'broadcast'>;
  now: () => number;
}

type Of = Pick<RoomRow, 'id' | 'anchorId'>;

/** Tells both sides, and the room, of what happens to a session. */
export class Herald {
  readonly #options: HeraldOptions;

  constructor(options: HeraldOptions) {
    this.#options = options;
  }

  async view(session: CohostSessionRow): Promise<CohostSession> {
    return viewOf(session, await findUser(this.#options.db, session));
  }

  /** Of sessions of one app. */
  async views(sessions: readonly CohostSessionRow[]): Promise<CohostSession[]> {
    const [first] = sessions;
    if (!first) return [];
    const userIds = sessions.map(({ userId }) => userId);
    const users = await findUsers(this.#options.db, first.appId, userIds);
    return sessions.map((session) => viewOf(session, users.get(session.userId)));
  }

  /** To the side that is to answer. */
  async asked(room: Of, session: CohostSessionRow): Promise<void> {
    const { im, now } = this.#options;
    // Who comes back after the time is over has nothing to answer any more.
    const ttlMs = (session.dueAt ?? 0) - now();
    if (ttlMs <= 0) return;
    const byUser = session.askedBy === 'user';
    const to = { appId: session.appId, userId: byUser ? room.anchorId : session.userId };
    const params = { roomId: room.id, session: await this.view(session) };
    im.signal(to, byUser ? 'cohost.requested' : 'cohost.invited', params, { ttlMs, signalId: `${session.id}-ask` });
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
    // Another conference is another answer.
    const signalId = `${session.id}-answer-${conference?.conferenceId ?? 'no'}`;
    this.#options.im.signal(to, 'cohost.answered', params, { signalId });
  }

  async started(room: Of, session: CohostSessionRow): Promise<void> {
    this.#options.im.broadcast(room.id, 'cohost.started', { session: await this.view(session) }, 'signal');
  }

  /** To both sides; and to the room, when it has seen the co-anchor. */
  async ended(room: Of, session: CohostSessionRow, said: string | null): Promise<void> {
    const params = { roomId: room.id, session: await this.view(session), reason: said };
    this.#tellEnd(room, session, params);
    if (session.onAirAt !== null) this.#options.im.broadcast(room.id, 'cohost.ended', params, 'signal');
  }

  /** To both sides, who may have been told before. */
  async endedAgain(room: Of, session: CohostSessionRow): Promise<void> {
    this.#tellEnd(room, session, { roomId: room.id, session: await this.view(session), reason: null });
  }

  /** To all members of a conference: whose stream came or went, or was muted. */
  memberChanged({ conference, members }: Gathering, { type, userId, atMs }: ConferenceEvent): void {
    const change = MEMBER_CHANGES[type];
    if (!change || userId === null) return;
    const params = { conferenceId: conference.id, userId, change };
    const who = createHash('sha256').update(userId).digest('base64url').slice(0, 12);
    const signalId = `${conference.id}-${who}-${type}-${atMs}`;
    for (const member of members.filter(isPresent))
      this.#options.im.signal({ appId: conference.appId, userId: member.userId }, 'conference.member', params, {
        signalId,
      });
  }

  #tellEnd(room: Of, { id, appId, userId }: CohostSessionRow, params: object): void {
    for (const to of [userId, room.anchorId])
      this.#options.im.signal({ appId, userId: to }, 'cohost.ended', params, { signalId: `${id}-end` });
  }
}

function viewOf(
  { id, roomId, userId, askedBy, reason, state, createdAt, dueAt, onAirAt, endReason }: CohostSessionRow,
  user: AppUserRow | undefined,
): CohostSession {
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

const MEMBER_CHANGES: Partial<Record<ConferenceEvent['type'], 'joined' | 'left' | 'muted'>> = {
  'on-air': 'joined',
  left: 'left',
  kicked: 'left',
  muted: 'muted',
};

/** Who waits for the answer. */
export const askingSide = (room: Of, { askedBy, userId }: CohostSessionRow): string =>
  askedBy === 'user' ? userId : room.anchorId;
