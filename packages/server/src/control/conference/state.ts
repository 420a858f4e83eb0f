import { type ConferenceEvent, type EndReason, LiveError } from '@lianmai/contract';
import type { ConferenceMemberRow, ConferenceRow, MutedBy } from '../../store/schema.ts';

/** A conference with its members in the order they came. Those who were kicked are among them, those who left are not. */
export interface Gathering {
  readonly conference: ConferenceRow;
  readonly members: readonly ConferenceMemberRow[];
}

/** What is learnt or asked. `by: 'owner'` stands for whoever may decide about others: the owner, or a key. */
export type ConferenceInput =
  | {
      type: 'join';
      userId: string;
      nickname: string;
      role: 'owner' | 'member' | 'viewer';
      /** The stream's name, if a new member gets one. */
      stream: string;
      /** Lets in who was kicked before. */
      pardon: boolean;
    }
  | { type: 'leave' | 'kick'; userId: string }
  | { type: 'polled'; userId: string }
  | { type: 'mute'; userId: string; by: 'self' | 'owner'; audio?: boolean; video?: boolean }
  | { type: 'end' }
  | { type: 'stream'; stream: string; now: 'live' | 'lost' }
  | { type: 'stream'; stream: string; now: 'ended'; reason: EndReason }
  /** Control was away: nobody could be heard meanwhile, so nobody is late. */
  | { type: 'restarted' }
  | { type: 'tick' };

export interface ConferenceStep extends Gathering {
  readonly events: readonly ConferenceEvent[];
  /** Streams whose publishers have to go. */
  readonly sentAway: readonly string[];
}

/** After the last packet: when others are told, and when the member has left. */
export const VIDEO_GONE_AFTER_MS = 15_000;
export const LEFT_AFTER_MS = 90_000;
/** Who asked for news within this is there, whatever its stream does. News are waited for up to 25 s. */
const ATTENTIVE_MS = 50_000;
/** A conference that nobody ever joined. */
export const EMPTY_FOR_MS = 86_400_000;

export const isPresent = ({ state }: ConferenceMemberRow): boolean => state !== 'kicked';

/**
 * The life of a conference: open → ended. Members: joining → on-air ⇄ video-gone, and out by leaving, by a kick, by silence or
 * by its end. When the owner goes, the member (not viewer) that is longest there becomes owner; when the last one goes it ends.
 * Inputs about who is not there change nothing, so that late and repeated ones do no harm.
 * @throws LiveError CONFERENCE_ENDED, CONFERENCE_FULL, MEMBER_KICKED, NOT_A_MEMBER, FORBIDDEN.
 */
export function advance(gathering: Gathering, input: ConferenceInput, atMs: number): ConferenceStep {
  const meeting = new Meeting(gathering, atMs);
  if (gathering.conference.state === 'ended') {
    if (input.type === 'join' || input.type === 'mute' || input.type === 'kick') throw ended(gathering.conference.id);
    return meeting.step();
  }
  switch (input.type) {
    case 'join':
      meeting.join(input);
      break;
    case 'leave':
      meeting.leave(input.userId);
      break;
    case 'kick':
      meeting.kick(input.userId);
      break;
    case 'mute':
      meeting.mute(input);
      break;
    case 'polled':
      meeting.change(input.userId, { seenAt: atMs, polledAt: atMs });
      break;
    case 'end':
      meeting.end();
      break;
    case 'stream':
      meeting.hear(input.stream, input.now, input.now === 'ended' ? input.reason : null);
      break;
    case 'restarted':
      meeting.forgive();
      break;
    case 'tick':
      meeting.tick();
  }
  return meeting.step();
}

/** A conference while one input changes it. */
class Meeting {
  readonly #atMs: number;
  readonly #events: ConferenceEvent[] = [];
  readonly #sentAway: string[] = [];
  #conference: ConferenceRow;
  #members: ConferenceMemberRow[];
  #visible = false;

  constructor({ conference, members }: Gathering, atMs: number) {
    this.#atMs = atMs;
    this.#conference = conference;
    this.#members = [...members];
  }

  step(): ConferenceStep {
    const conference = this.#conference;
    const version = conference.version + (this.#visible ? 1 : 0);
    return {
      conference: { ...conference, version, dueAt: dueAt(conference, this.#members) },
      members: this.#members,
      events: this.#events,
      sentAway: this.#sentAway,
    };
  }

  join({ userId, nickname, role, stream, pardon }: Extract<ConferenceInput, { type: 'join' }>): void {
    const before = this.#members.find((member) => member.userId === userId);
    if (before && !isPresent(before)) {
      if (!pardon) throw new LiveError('MEMBER_KICKED', `"${userId}" was removed from this conference by its owner`);
      this.#members = this.#members.filter((member) => member !== before);
    }
    const publishes = role !== 'viewer';
    if (before && isPresent(before) && (before.stream !== null) === publishes) {
      this.change(userId, { seenAt: this.#atMs });
      if (before.nickname !== nickname) this.#show(userId, { nickname });
    } else {
      if (publishes) this.#checkRoom();
      // Another role, another member: its old token must not open what the new one may not.
      if (before && isPresent(before)) this.#remove(before, 'left');
      this.#add(userId, nickname, publishes ? stream : null);
    }
    const { ownerId } = this.#conference;
    if (role === 'owner' || (ownerId === null && publishes)) this.#appoint(userId);
  }

  leave(userId: string): void {
    const member = this.#present(userId);
    if (member) this.#goodbye(member, 'left');
  }

  kick(userId: string): void {
    const member = this.#present(userId);
    if (!member) throw notThere(userId);
    this.#goodbye(member, 'kicked');
  }

  mute({ userId, by, audio, video }: Extract<ConferenceInput, { type: 'mute' }>): void {
    const member = this.#present(userId);
    if (!member) throw notThere(userId);
    const audioMutedBy = muted(member.audioMutedBy, by, audio);
    const videoMutedBy = muted(member.videoMutedBy, by, video);
    if (audioMutedBy === member.audioMutedBy && videoMutedBy === member.videoMutedBy) return;
    this.#show(userId, { audioMutedBy, videoMutedBy }, 'muted');
  }

  hear(stream: string, now: 'live' | 'lost' | 'ended', reason: EndReason | null): void {
    const member = this.#members.find((one) => one.stream === stream && isPresent(one));
    if (!member) return;
    const { userId, state } = member;
    if (now === 'live') {
      if (state !== 'on-air') this.#show(userId, { state: 'on-air', lostAt: null }, 'on-air');
      else this.change(userId, { lostAt: null });
    } else if (now === 'ended' && reason === 'unpublished') this.#unpublished(member);
    else if (state === 'on-air' && member.lostAt === null) this.change(userId, { lostAt: this.#atMs });
  }

  forgive(): void {
    for (const { userId, lostAt } of this.#members.filter(isPresent))
      this.change(userId, { seenAt: this.#atMs, lostAt: lostAt === null ? null : this.#atMs });
  }

  tick(): void {
    for (const member of this.#members.filter(isPresent)) {
      if (this.#conference.state === 'ended') return;
      if (leavesAt(member) <= this.#atMs) this.#goodbye(member, 'left');
      else if (goneAt(member) <= this.#atMs) this.#show(member.userId, { state: 'video-gone' }, 'video-gone');
    }
    if (this.#nobody() && this.#conference.createdAt + EMPTY_FOR_MS <= this.#atMs) this.end();
  }

  end(): void {
    for (const { stream } of this.#members.filter(isPresent)) if (stream !== null) this.#sentAway.push(stream);
    this.#members = [];
    this.#conference = { ...this.#conference, state: 'ended', endedAt: this.#atMs, ownerId: null };
    this.#tell('ended', null);
  }

  /** Notes what others do not see. */
  change(userId: string, change: Partial<ConferenceMemberRow>): void {
    this.#members = this.#members.map((member) =>
      member.userId === userId && isPresent(member) ? { ...member, ...change } : member,
    );
  }

  #show(userId: string, change: Partial<ConferenceMemberRow>, type?: ConferenceEvent['type']): void {
    this.change(userId, change);
    this.#visible = true;
    if (type) this.#tell(type, userId);
  }

  #tell(type: ConferenceEvent['type'], userId: string | null): void {
    this.#visible = true;
    this.#events.push({ conferenceId: this.#conference.id, type, userId, atMs: this.#atMs });
  }

  #present(userId: string): ConferenceMemberRow | undefined {
    return this.#members.find((member) => member.userId === userId && isPresent(member));
  }

  #nobody(): boolean {
    return !this.#members.some(isPresent);
  }

  #checkRoom(): void {
    const { id, capacity } = this.#conference;
    const onAir = this.#members.filter((member) => isPresent(member) && member.stream !== null).length;
    if (onAir >= capacity)
      throw new LiveError('CONFERENCE_FULL', `conference "${id}" has all of its ${capacity} members: try again later`);
  }

  #add(userId: string, nickname: string, stream: string | null): void {
    const no = this.#conference.lastNo + 1;
    this.#conference = { ...this.#conference, lastNo: no };
    this.#members.push({
      conferenceId: this.#conference.id,
      no,
      userId,
      nickname,
      stream,
      state: 'joining',
      joinedAt: this.#atMs,
      seenAt: this.#atMs,
      polledAt: null,
      lostAt: null,
      audioMutedBy: null,
      videoMutedBy: null,
    });
    this.#tell('joined', userId);
  }

  /** A goodbye of the stream. Who asks for news is still there without it; a device that only publishes has left. */
  #unpublished(member: ConferenceMemberRow): void {
    const { userId, polledAt, state } = member;
    if (polledAt === null || polledAt + ATTENTIVE_MS < this.#atMs) return this.#goodbye(member, 'left');
    if (state !== 'joining') this.#show(userId, { state: 'joining', lostAt: null, seenAt: this.#atMs }, 'off-air');
  }

  #goodbye(member: ConferenceMemberRow, type: 'left' | 'kicked'): void {
    this.#remove(member, type);
    if (this.#conference.ownerId === member.userId) this.#passOn();
    if (this.#nobody()) this.end();
  }

  #remove(member: ConferenceMemberRow, type: 'left' | 'kicked'): void {
    if (member.stream !== null) this.#sentAway.push(member.stream);
    const out = { ...member, state: 'kicked', lostAt: null } as const;
    this.#members = this.#members.flatMap((one) => (one !== member ? [one] : type === 'kicked' ? [out] : []));
    this.#tell(type, member.userId);
  }

  #passOn(): void {
    const heir = this.#members.find((member) => isPresent(member) && member.stream !== null);
    this.#appoint(heir?.userId ?? null);
  }

  #appoint(ownerId: string | null): void {
    if (this.#conference.ownerId === ownerId) return;
    this.#conference = { ...this.#conference, ownerId };
    this.#visible = true;
  }
}

/** What the owner muted only the owner opens again. */
function muted(before: MutedBy, by: 'self' | 'owner', wanted: boolean | undefined): MutedBy {
  if (wanted === undefined) return before;
  if (by === 'owner') return wanted ? 'owner' : null;
  if (before !== 'owner') return wanted ? 'self' : null;
  if (!wanted) throw new LiveError('FORBIDDEN', 'the owner muted you: only the owner can change that');
  return before;
}

const goneAt = ({ state, lostAt }: ConferenceMemberRow): number =>
  state === 'on-air' && lostAt !== null ? lostAt + VIDEO_GONE_AFTER_MS : Number.POSITIVE_INFINITY;

function leavesAt({ state, lostAt, seenAt }: ConferenceMemberRow): number {
  if (state === 'joining') return seenAt + LEFT_AFTER_MS;
  return lostAt === null ? Number.POSITIVE_INFINITY : lostAt + LEFT_AFTER_MS;
}

function dueAt({ state, createdAt }: ConferenceRow, members: readonly ConferenceMemberRow[]): number | null {
  if (state === 'ended') return null;
  const present = members.filter(isPresent);
  if (present.length === 0) return createdAt + EMPTY_FOR_MS;
  const next = Math.min(...present.map((member) => Math.min(goneAt(member), leavesAt(member))));
  return Number.isFinite(next) ? next : null;
}

export const ended = (id: string): LiveError =>
  new LiveError('CONFERENCE_ENDED', `conference "${id}" has ended: begin another`);

export const notThere = (userId: string): LiveError =>
  new LiveError('NOT_A_MEMBER', `"${userId}" is not in this conference`);

/** @returns a conference that nobody has joined yet. */
export function newConference(
  row: Pick<ConferenceRow, 'id' | 'appId' | 'accountId' | 'title' | 'capacity' | 'open' | 'key' | 'ownerId'>,
  atMs: number,
): ConferenceRow {
  const made: ConferenceRow = {
    ...row,
    state: 'open',
    version: 1,
    lastNo: 0,
    createdAt: atMs,
    endedAt: null,
    dueAt: null,
  };
  return { ...made, dueAt: dueAt(made, []) };
}
