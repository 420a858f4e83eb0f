import { LiveError, type RoomRole, type SentKind } from '@lianmai/contract';
import { TokenBucket } from './rate.ts';

/** What a room sends to each member, messages a second; as much at once. */
const ROOM_PER_S = 40;
/** Room left for what is more important, out of {@link ROOM_PER_S}: danmaku are refused first, then texts, then gifts. */
const RESERVE: Readonly<Record<Exclude<SentKind, 'like'>, number>> = { gift: 0, text: 6, custom: 6, danmaku: 18 };
/** Of one user; those who lead the room may say more. */
const USER_PER_S = 2;
const USER_BURST = 10;
const LEADER_TIMES = 5;

const MOST_MODERATORS = 100;
/** Muted at one time, and as many kept out. */
const MOST_SANCTIONED = 10_000;

/** Who is silenced or kept out until when, ms; Infinity: for good. */
export interface Sanction {
  userId: string;
  kind: 'mute' | 'ban';
  untilMs: number;
}

interface Speaker {
  rate: TokenBucket;
  saidAtMs: number;
}

export interface FloorState {
  anchorId: string;
  moderators: Iterable<string>;
  sanctions: Iterable<Sanction>;
  slowModeSeconds: number;
  muteAll: boolean;
}

/** Who may speak in a room, and how often. */
export class Floor {
  readonly #anchorId: string;
  readonly #moderators: Set<string>;
  readonly #muted = new Map<string, number>();
  readonly #banned = new Map<string, number>();
  readonly #speakers = new Map<string, Speaker>();
  readonly #rate: TokenBucket;
  slowModeSeconds: number;
  muteAll: boolean;

  constructor(state: FloorState, nowMs: number) {
    this.#anchorId = state.anchorId;
    this.#moderators = new Set(state.moderators);
    for (const sanction of state.sanctions) this.sanction(sanction);
    this.slowModeSeconds = state.slowModeSeconds;
    this.muteAll = state.muteAll;
    this.#rate = new TokenBucket(ROOM_PER_S, ROOM_PER_S, nowMs);
  }

  roleOf(userId: string): RoomRole {
    if (userId === this.#anchorId) return 'anchor';
    return this.#moderators.has(userId) ? 'moderator' : 'member';
  }

  get moderators(): ReadonlySet<string> {
    return this.#moderators;
  }

  /** @throws LiveError BAD_REQUEST: the room has as many as it may have. */
  checkNewModerator(userId: string): void {
    if (this.#moderators.size >= MOST_MODERATORS && !this.#moderators.has(userId))
      throw new LiveError('BAD_REQUEST', `a room has at most ${MOST_MODERATORS} moderators: take one's role first`);
  }

  setModerator(userId: string, isOne: boolean): void {
    if (isOne) this.#moderators.add(userId);
    else this.#moderators.delete(userId);
  }

  /** @throws LiveError BAD_REQUEST: as many are under one as a room keeps in mind. */
  checkNewSanction({ userId, kind }: Pick<Sanction, 'userId' | 'kind'>): void {
    const list = this.#sanctioned(kind);
    if (list.size >= MOST_SANCTIONED && !list.has(userId))
      throw new LiveError('BAD_REQUEST', `${MOST_SANCTIONED} users are under a ${kind} in this room: lift one first`);
  }

  /** @param untilMs 0 lifts it. */
  sanction({ userId, kind, untilMs }: Sanction): void {
    const list = this.#sanctioned(kind);
    if (untilMs > 0) list.set(userId, untilMs);
    else list.delete(userId);
  }

  mutedUntilMs(userId: string, nowMs: number): number | null {
    return inForce(this.#muted, userId, nowMs);
  }

  isBanned(userId: string, nowMs: number): boolean {
    return inForce(this.#banned, userId, nowMs) !== null;
  }

  /** @throws LiveError BANNED */
  checkEntry(userId: string, nowMs: number): void {
    const untilMs = inForce(this.#banned, userId, nowMs);
    if (untilMs !== null) throw new LiveError('BANNED', `you were sent out of this room: ${whenOver(untilMs)}`);
  }

  /**
   * Lets a message through, and counts it.
   * @throws LiveError MUTED, SLOW_MODE, RATE_LIMITED, ROOM_BUSY, in this order: what is the sender's own comes first.
   */
  speak(userId: string, kind: Exclude<SentKind, 'like'>, nowMs: number): void {
    const role = this.roleOf(userId);
    const isLeader = role !== 'member';
    if (!isLeader) this.#checkMuted(userId, nowMs);
    const speaker = this.#speaker(userId, isLeader, nowMs);
    const waitMs = speaker.saidAtMs + this.slowModeSeconds * 1000 - nowMs;
    const isSlow = !isLeader && kind !== 'gift' && this.slowModeSeconds > 0;
    if (isSlow && waitMs > 0)
      throw new LiveError('SLOW_MODE', `slow mode: you can write again in ${Math.ceil(waitMs / 1000)} s`);
    if (!speaker.rate.take(nowMs))
      throw new LiveError('RATE_LIMITED', `not so fast: ${isLeader ? USER_PER_S * LEADER_TIMES : USER_PER_S} a second`);
    if (isLeader) this.#rate.force(nowMs);
    else if (!this.#rate.take(nowMs, RESERVE[kind]))
      throw new LiveError('ROOM_BUSY', 'so many write in this room that yours was not sent: try again in a second');
    if (kind !== 'gift') speaker.saidAtMs = nowMs;
  }

  /** Forgets who has not spoken for a while, and sanctions that are over. */
  sweep(nowMs: number): void {
    for (const list of [this.#muted, this.#banned])
      for (const [userId, untilMs] of list) if (untilMs <= nowMs) list.delete(userId);
    const keepMs = Math.max(60_000, this.slowModeSeconds * 1000);
    for (const [userId, { saidAtMs, rate }] of this.#speakers)
      if (saidAtMs < nowMs - keepMs && rate.isFull(nowMs)) this.#speakers.delete(userId);
  }

  #sanctioned(kind: Sanction['kind']): Map<string, number> {
    return kind === 'mute' ? this.#muted : this.#banned;
  }

  #checkMuted(userId: string, nowMs: number): void {
    const untilMs = this.mutedUntilMs(userId, nowMs);
    if (untilMs !== null) throw new LiveError('MUTED', `you are muted in this room: ${whenOver(untilMs)}`);
    if (this.muteAll) throw new LiveError('MUTED', 'only the anchor and moderators may write here at the moment');
  }

  #speaker(userId: string, isLeader: boolean, nowMs: number): Speaker {
    const known = this.#speakers.get(userId);
    if (known) return known;
    const times = isLeader ? LEADER_TIMES : 1;
    const rate = new TokenBucket(USER_BURST * times, USER_PER_S * times, nowMs);
    const speaker = { rate, saidAtMs: Number.NEGATIVE_INFINITY };
    this.#speakers.set(userId, speaker);
    return speaker;
  }
}

function inForce(list: Map<string, number>, userId: string, nowMs: number): number | null {
  const untilMs = list.get(userId);
  if (untilMs === undefined) return null;
  if (untilMs > nowMs) return untilMs;
  list.delete(userId);
  return null;
}

const whenOver = (untilMs: number): string =>
  untilMs === Number.POSITIVE_INFINITY ? 'for good' : `until ${new Date(untilMs).toISOString()}`;
