import { type ImPriority, LiveError, type SentKind } from '@lianmai/contract';
import type { ImResult, RoomMember, RoomMessage } from '@lianmai/contract/im';
import type { Connection, WorkerLink } from './connection.ts';
import { Crowd, type Member } from './crowd.ts';
import { Floor, type FloorState } from './floor.ts';
import type { GivenGift } from './message-body.ts';
import { batchText, eventText, Outbox } from './outbox.ts';
import type { SeqClock } from './seq-clock.ts';
import { Visitors } from './visitors.ts';

/** Messages shown to who enters. */
export const HISTORY = 50;
/** In a room with more members, joins and leaves are told of together. */
const QUIET_CROWD = 100;
const THINNED_MS = 1000;
const STATS_MS = 1000;
const HEARTS_MS = 200;
/** In a large room the list of members shown to who enters may be so old. */
const SHOWN_MS = 1000;
/**
 * Time between two batches of a room, ms, by how many connections hear of them: a write costs nearly the same whatever
 * is in it, so where many hear, more is said at once. The burst of a large room takes some 10 ms per 1,000 connections,
 * and together with it everything is to be there soon.
 */
const TICKS: readonly (readonly [connections: number, ms: number])[] = [
  [0, 50],
  [1000, 190],
  [10_000, 140],
];
const FIRST_PAGE = 20;

/** A message on its way to the database. */
export interface Unsaved {
  message: RoomMessage;
  /** To be called once: it is written; or with the reason why it never will be. */
  done(error: LiveError | null): void;
}

/** What is to be written of a room. */
export interface UnsavedChat {
  messages: readonly Unsaved[];
  /** Whether how often each was given has changed. */
  gifts: boolean;
  /** Prices of the gifts that are new in it. */
  worth: number;
}

/** What a room asks for. */
export interface ChatRoomPorts {
  /** A batch is to be made at that time. */
  wake(room: ChatRoom, atMs: number): void;
  /** There is something to be written. */
  unsaved(room: ChatRoom): void;
}

export interface ChatRoomState extends FloorState {
  id: string;
  appId: string;
  /** Anybody may come in; else only who is logged in. */
  isPublic: boolean;
  /** Of one address, that count as viewers. */
  visitorsPerAddress: number;
  likes: number;
  gifts: Iterable<readonly [giftId: string, count: number]>;
  /** Oldest first. */
  history: readonly RoomMessage[];
}

/** Joins or leaves that were not told of yet. */
interface Thinned {
  last: Member;
  others: number;
}

type MembersPage = ImResult<'room.members'>;

/**
 * One room's chat: who is in it, what was said, what goes out next. Takes the time as an argument.
 */
export class ChatRoom {
  readonly id: string;
  readonly appId: string;
  readonly anchorId: string;
  isPublic: boolean;
  readonly crowd = new Crowd();
  readonly visitors: Visitors;
  readonly floor: Floor;
  readonly gifts: Map<string, number>;
  readonly #outbox: Outbox;
  readonly #seq: SeqClock;
  readonly #ports: ChatRoomPorts;
  /** Messages to be written to the database. */
  #unsaved: Unsaved[] = [];
  #history: RoomMessage[];
  #workers = new Map<WorkerLink, number>();
  #connections = 0;
  #historyText: string | null = null;
  #shown: { atMs: number; members: string; gifts: string } | null = null;
  #likes: number;
  /** Since the last batch. */
  #hearts = 0;
  #toldStats = { viewers: -1, likes: -1 };
  #giftsChanged = false;
  #toldStatsAtMs = 0;
  #toldThinnedAtMs = 0;
  #flushedAtMs = 0;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #giftsUnsaved = false;
  /** Of the gifts that are not written down. */
  #worthUnsaved = 0;
  #toldHeartsAtMs = 0;
  readonly #thinned: Record<'room.joined' | 'room.left', Thinned | null> = { 'room.joined': null, 'room.left': null };
  /** When somebody was here last, ms. */
  emptySinceMs: number;

  constructor(state: ChatRoomState, seq: SeqClock, nowMs: number, ports: ChatRoomPorts) {
    this.id = state.id;
    this.appId = state.appId;
    this.anchorId = state.anchorId;
    this.isPublic = state.isPublic;
    this.visitors = new Visitors(state.visitorsPerAddress);
    this.floor = new Floor(state, nowMs);
    this.gifts = new Map(state.gifts);
    this.#likes = state.likes;
    this.#history = [...state.history];
    this.#seq = seq;
    this.#outbox = new Outbox(state.id, seq);
    this.#ports = ports;
    this.emptySinceMs = nowMs;
  }

  /** Who watches: everybody but the anchor. */
  get viewers(): number {
    return this.crowd.size - (this.crowd.get(this.anchorId) ? 1 : 0) + this.visitors.count;
  }

  get isEmpty(): boolean {
    return this.crowd.size === 0 && this.visitors.size === 0;
  }

  get likes(): number {
    return this.#likes;
  }

  /** Of the newest event that went out to anybody. */
  get lastSeq(): number {
    return this.#seq.last;
  }

  /** What who enters is shown, as JSON texts that are made once for all who enter at about that time. */
  shown(nowMs: number): { messages: string; members: string; gifts: string } {
    const isFresh =
      this.#shown && (this.crowd.size > QUIET_CROWD ? isSooner(nowMs, this.#shown.atMs, SHOWN_MS) : false);
    this.#historyText ??= JSON.stringify(this.#history);
    if (!isFresh || !this.#shown)
      this.#shown = { atMs: nowMs, members: JSON.stringify(this.page()), gifts: JSON.stringify(this.giftCounts()) };
    return { messages: this.#historyText, members: this.#shown.members, gifts: this.#shown.gifts };
  }

  /** Connections, which is what a batch costs. */
  get connections(): number {
    return this.#connections;
  }

  /** Whether everything after the event is still known. */
  knowsSince(seq: number): boolean {
    return this.#outbox.since(seq) !== null;
  }

  /**
   * Brings a connection in. What it missed since `seq` is sent to it before anything new.
   * @param isBack nobody is told that it came: it was here all the time.
   * @returns whether a viewer came by it who was not here before.
   */
  enter(connection: Connection, seq: number | null, nowMs: number, isBack: boolean): boolean {
    const missed = seq === null ? [] : this.#outbox.since(seq);
    const already = connection.rooms.has(this.id);
    const { worker, number, isVisitor } = connection;
    if (missed && missed.length > 0) worker.push({ type: 'send', connections: [number], text: batchText(missed) });
    if (!already) {
      connection.rooms.add(this.id);
      this.#connections += 1;
      this.#workers.set(worker, (this.#workers.get(worker) ?? 0) + 1);
      worker.push({ type: 'enter', roomId: this.id, connections: [number] });
    }
    const isNew = isVisitor ? this.visitors.enter(connection) : this.#enterUser(connection, nowMs, isBack);
    if (isNew) this.#awake(nowMs);
    return isNew;
  }

  #enterUser(connection: Connection, nowMs: number, isBack: boolean): boolean {
    const { member, isNew } = this.crowd.enter(connection);
    if (connection.visitorId !== null) this.visitors.uncount(connection.visitorId, nowMs);
    if (isNew && !isBack) this.#tellCrowd('room.joined', member, nowMs);
    return isNew;
  }

  /** Takes a connection out. @returns the member when it was its last one, which has not left yet. */
  drop(connection: Connection): Member | null {
    if (!connection.rooms.delete(this.id)) return null;
    const { worker } = connection;
    this.#connections -= 1;
    const left = (this.#workers.get(worker) ?? 1) - 1;
    if (left > 0) this.#workers.set(worker, left);
    else this.#workers.delete(worker);
    return (connection.isVisitor ? this.visitors : this.crowd).drop(connection);
  }

  /** A member or visitor that may still be in the room: whether it is. */
  holds(member: Member): boolean {
    const { userId } = member.user;
    return this.crowd.get(userId) === member || this.visitors.get(userId) === member;
  }

  /** A member or visitor without connections has left. @returns whether it was a member. */
  leave(member: Member, nowMs: number): boolean {
    const { userId } = member.user;
    const isMember = this.crowd.get(userId) === member;
    if (isMember) this.crowd.remove(userId);
    else this.visitors.remove(userId, nowMs);
    if (this.isEmpty) this.emptySinceMs = nowMs;
    if (isMember) this.#tellCrowd('room.left', member, nowMs);
    else this.#awake(nowMs);
    return isMember;
  }

  /** Everybody is gone: the room closed. */
  everybody(): Member[] {
    return [...this.crowd, ...this.visitors];
  }

  /** Says something to everybody with the next batch. */
  tell(event: string, params: object, priority: ImPriority, nowMs: number): void {
    this.#outbox.add(event, params, priority);
    this.#awake(nowMs);
  }

  /**
   * Sends a message to everybody, and keeps it for those who come later.
   * @returns when it is written down; rejects with UNAVAILABLE when that could not be.
   */
  say(
    id: string,
    kind: Exclude<SentKind, 'like'> | 'system',
    from: RoomMember | null,
    body: unknown,
    nowMs: number,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = (error: LiveError | null) => (error ? reject(error) : resolve());
    const message = { id, roomId: this.id, kind, from, body, at: new Date(nowMs).toISOString() };
    const priority = kind === 'custom' ? 'text' : kind;
    this.#outbox.add('room.message', message, priority, (seq) => this.#keep({ ...message, seq }, done));
    this.#awake(nowMs);
    return promise;
  }

  like(count: number, nowMs: number): void {
    this.#likes += count;
    this.#hearts += count;
    this.#awake(nowMs);
  }

  give({ giftId, count, price }: GivenGift): void {
    this.gifts.set(giftId, (this.gifts.get(giftId) ?? 0) + count);
    this.#giftsChanged = true;
    this.#giftsUnsaved = true;
    this.#worthUnsaved += count * price;
  }

  memberOf({ user }: Pick<Member, 'user'>): RoomMember {
    const { userId, nickname, avatar } = user;
    return { userId, nickname, avatar, role: this.floor.roleOf(userId) };
  }

  /** The anchor and moderators who are here, then the others as they came. @throws LiveError BAD_REQUEST on a wrong cursor. */
  page(limit = FIRST_PAGE, cursor?: string): MembersPage {
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
      throw new LiveError(
        'BAD_REQUEST',
        'cursor is not one that this list gave: leave it out to begin again',
        'cursor',
      );
    const leading = new Set([this.anchorId, ...this.floor.moderators]);
    const leaders = cursor === undefined ? [...leading].flatMap((userId) => this.crowd.get(userId) ?? []) : [];
    const others = this.crowd.after(Number(cursor ?? 0), limit + 1, leading);
    const shown = others.slice(0, limit);
    return {
      count: this.crowd.size,
      items: [...leaders, ...shown].map((member) => this.memberOf(member)),
      nextCursor: others.length > limit ? String(shown.at(-1)!.no) : null,
    };
  }

  /** Sends an event to some connections at once, numbered like all others. */
  send(connections: Iterable<Connection>, event: string, params: object): void {
    const text = eventText(event, { seq: this.#seq.next(), roomId: this.id, ...params });
    for (const { worker, number } of connections) worker.push({ type: 'send', connections: [number], text });
  }

  /** Makes a batch of what is waiting and sends it to each worker once. */
  flush(nowMs: number): void {
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.#flushedAtMs = nowMs;
    this.#sayHearts(nowMs);
    this.#tellThinned(nowMs);
    this.#tellStats(nowMs);
    const batch = this.#outbox.flush(nowMs);
    if (batch) for (const worker of this.#workers.keys()) worker.push({ type: 'room', roomId: this.id, ...batch });
  }

  /** What is to be written down since the last time. */
  takeUnsaved(): UnsavedChat {
    const unsaved = { messages: this.#unsaved, gifts: this.#giftsUnsaved, worth: this.#worthUnsaved };
    this.#unsaved = [];
    this.#giftsUnsaved = false;
    this.#worthUnsaved = 0;
    return unsaved;
  }

  /** What was taken could not be written: it is to be taken again. Only what is shown to who enters is of use. */
  putBack({ messages, gifts, worth }: UnsavedChat): void {
    const all = [...messages, ...this.#unsaved];
    for (const { done } of all.slice(0, -HISTORY)) done(null);
    this.#unsaved = all.slice(-HISTORY);
    this.#giftsUnsaved ||= gifts;
    this.#worthUnsaved += worth;
  }

  #keep(message: RoomMessage, done: Unsaved['done']): void {
    this.#history.push(message);
    this.#historyText = null;
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#unsaved.push({ message, done });
    this.#ports.unsaved(this);
  }

  #sayHearts(nowMs: number): void {
    if (this.#hearts === 0) return;
    if (isSooner(nowMs, this.#toldHeartsAtMs, HEARTS_MS)) return this.#wakeAt(this.#toldHeartsAtMs + HEARTS_MS);
    this.#toldHeartsAtMs = nowMs;
    const message = { kind: 'like', from: null, body: { count: this.#hearts }, at: new Date(nowMs).toISOString() };
    this.#hearts = 0;
    this.#outbox.add('room.message', { id: `like-${this.#seq.last}`, ...message }, 'like');
  }

  #tellCrowd(event: 'room.joined' | 'room.left', member: Member, nowMs: number): void {
    const before = this.#thinned[event];
    this.#thinned[event] = { last: member, others: before ? before.others + 1 : 0 };
    if (this.crowd.size <= QUIET_CROWD) this.#addThinned(event);
    this.#awake(nowMs);
  }

  #tellThinned(nowMs: number): void {
    if (!this.#thinned['room.joined'] && !this.#thinned['room.left']) return;
    if (isSooner(nowMs, this.#toldThinnedAtMs, THINNED_MS)) return this.#wakeAt(this.#toldThinnedAtMs + THINNED_MS);
    this.#toldThinnedAtMs = nowMs;
    this.#addThinned('room.joined');
    this.#addThinned('room.left');
  }

  #addThinned(event: 'room.joined' | 'room.left'): void {
    const thinned = this.#thinned[event];
    if (!thinned) return;
    this.#thinned[event] = null;
    const { last, others } = thinned;
    this.#outbox.add(event, { user: this.memberOf(last), others, members: this.crowd.size }, 'like');
  }

  #tellStats(nowMs: number): void {
    const { viewers, likes } = this;
    const changed = viewers !== this.#toldStats.viewers || likes !== this.#toldStats.likes || this.#giftsChanged;
    if (!changed) return;
    if (isSooner(nowMs, this.#toldStatsAtMs, STATS_MS)) return this.#wakeAt(this.#toldStatsAtMs + STATS_MS);
    this.#toldStatsAtMs = nowMs;
    this.#toldStats = { viewers, likes };
    const gifts = this.#giftsChanged ? { gifts: this.giftCounts() } : {};
    this.#giftsChanged = false;
    this.#outbox.add('room.stats', { viewers, likes, ...gifts }, 'like');
  }

  giftCounts(): { giftId: string; count: number }[] {
    return [...this.gifts].map(([giftId, count]) => ({ giftId, count }));
  }

  /** Makes sure of a batch at that time, or sooner. */
  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakesAtMs) return;
    this.#wakesAtMs = atMs;
    this.#ports.wake(this, atMs);
  }

  #awake(nowMs: number): void {
    this.#wakeAt(Math.max(nowMs, this.#flushedAtMs + tickMs(this.#connections)));
  }
}

/** Whether less than the time has passed; a clock that was set back passes for any time. */
const isSooner = (nowMs: number, lastMs: number, afterMs: number): boolean =>
  nowMs >= lastMs && nowMs - lastMs < afterMs;

function tickMs(connections: number): number {
  const above = TICKS.findIndex(([from]) => from > connections);
  if (above < 0) return TICKS.at(-1)![1];
  const [[fewer, first], [more, last]] = [TICKS[above - 1]!, TICKS[above]!];
  return first + ((last - first) * (connections - fewer)) / (more - fewer);
}
