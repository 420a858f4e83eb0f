import { randomBytes } from 'node:crypto';
import { LiveError, type RoomEvent } from '@lianmai/contract';
import { DEFAULT_GIFTS, type RoomMember } from '@lianmai/contract/im';
import type { Room } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { Db } from '../../store/store.ts';
import { ChatRoom } from './chat-room.ts';
import type { Connection } from './connection.ts';
import type { Member } from './crowd.ts';
import type { GiftWriter, ImPresence, Likes } from './desk.ts';
import type { Sanction } from './floor.ts';
import { Keeper } from './keeper.ts';
import { readText } from './message-body.ts';
import type { ChatRules, ImRooms } from './ports.ts';
import type { SeqClock } from './seq-clock.ts';
import * as store from './store.ts';
import { WordFilter } from './words.ts';

export interface RoomsOptions {
  db: Db;
  rooms: ImRooms;
  /** Who is not logged in and counts as a viewer, of one address. */
  visitorsPerAddress: number;
  seq: () => SeqClock;
  now: () => number;
  log: Logger;
  presence(change: ImPresence): void;
  likes(likes: Likes): void;
  writeGifts: GiftWriter;
}

/** An empty room is forgotten after so long; it is read again when somebody comes. */
const EMPTY_KEPT_MS = 300_000;
/** What is shown of a room to who enters may be so old, so that a crowd at the door is cheap. */
const VIEW_KEPT_MS = 1000;
const RULES_KEPT_MS = 60_000;
/** Who was sent out may come back after that; who was banned, after what the ban says. */
const KICKED_FOR_MS = 60_000;

interface AppRules {
  words: WordFilter;
  rules: ChatRules;
  readAtMs: number;
}

/** The rooms that somebody is in, and everything that is done to them. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #open = new Map<string, ChatRoom>();
  readonly #loading = new Map<string, Promise<ChatRoom | null>>();
  readonly #timers = new Map<ChatRoom, NodeJS.Timeout>();
  /** Who leaves, unless it comes back. */
  readonly #leaving = new Map<Member, ChatRoom>();
  readonly #keeper: Keeper;
  readonly #told = new Map<string, string>();
  readonly #views = new Map<string, { view: Promise<Room>; atMs: number }>();
  readonly #rules = new Map<string, AppRules>();

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#keeper = new Keeper({ ...options, open: () => this.#open.values() });
  }

  /** A room that is in memory, as every room is that somebody is in. */
  here(roomId: string): ChatRoom | undefined {
    return this.#open.get(roomId);
  }

  /** null: there is none, or it is closed. */
  async find(roomId: string): Promise<ChatRoom | null> {
    const here = this.#open.get(roomId);
    if (here) return here;
    const loading = this.#loading.get(roomId) ?? this.#load(roomId).finally(() => this.#loading.delete(roomId));
    this.#loading.set(roomId, loading);
    return loading;
  }

  /**
   * @param appId of who asks; a visitor's is empty.
   * @throws LiveError ROOM_NOT_FOUND: others' rooms are not to be known of; UNAUTHENTICATED for a visitor.
   */
  async open(roomId: string, appId: string): Promise<ChatRoom> {
    const room = await this.find(roomId);
    if (!room || (appId !== '' && room.appId !== appId))
      throw new LiveError('ROOM_NOT_FOUND', `there is no open room "${roomId}": it may have closed`, 'roomId');
    if (appId === '' && !room.isPublic)
      throw new LiveError('UNAUTHENTICATED', 'log in to enter this room: it is not open to everybody');
    return room;
  }

  /** Of the rooms a connection was in, those it may come into again. */
  async reenterable(roomIds: readonly string[], { identity, isVisitor }: Connection): Promise<ChatRoom[]> {
    const rooms: ChatRoom[] = [];
    for (const roomId of roomIds) {
      const room = await this.find(roomId);
      if (!room || !(isVisitor ? room.isPublic : room.appId === identity.appId)) continue;
      if (room.floor.isBanned(identity.userId, this.#options.now())) continue;
      rooms.push(room);
    }
    return rooms;
  }

  /** @param isBack it was there before control restarted: nobody is told. */
  enter(room: ChatRoom, connection: Connection, seq: number | null, isBack: boolean): void {
    const nowMs = this.#options.now();
    const { userId } = connection.identity;
    if (!room.enter(connection, seq, nowMs, isBack)) return;
    if (userId !== room.anchorId) this.#keeper.attendance(room.id)?.note(userId);
    this.#tellAudience(room);
    if (connection.isVisitor) return;
    this.#options.presence({ type: 'entered', roomId: room.id, userId });
  }

  /** A connection is gone; its user leaves at that time, unless it comes back. */
  drop(roomId: string, connection: Connection, leavesAtMs: number): void {
    const room = this.#open.get(roomId);
    const member = room?.drop(connection);
    if (!room || !member) return;
    member.leavesAtMs = leavesAtMs;
    this.#leaving.set(member, room);
  }

  /** A user leaves by one of its connections; it stays as long as it has others there. */
  leave(room: ChatRoom, connection: Connection): void {
    const member = room.drop(connection);
    connection.worker.push({ type: 'leave', roomId: room.id, connections: [connection.number] });
    if (member) this.#left(room, member, 'left');
  }

  like(roomId: string, byUser: readonly (readonly [userId: string, count: number])[]): void {
    const room = this.#open.get(roomId);
    if (!room) return;
    let likes = 0;
    for (const [userId, count] of byUser) if (room.crowd.get(userId)) likes += count;
    if (likes === 0) return;
    room.like(likes, this.#options.now());
    this.#options.rooms.addLikes(roomId, likes);
    this.#options.likes({ roomId, count: likes });
  }

  /** Says something in the operator's name. @throws LiveError BAD_REQUEST */
  async notice(room: ChatRoom, text: string): Promise<{ id: string }> {
    const id = newMessageId();
    await room.say(id, 'system', null, { text: readText(text, new WordFilter([])) }, this.#options.now());
    return { id };
  }

  /** @param seconds undefined: until it is lifted; 0 lifts it. */
  async mute(room: ChatRoom, userId: string, seconds: number | undefined): Promise<void> {
    const untilMs = this.#untilMs(seconds);
    await this.#sanction(room, { userId, kind: 'mute', untilMs });
    const mutedUntil = untilMs > 0 ? timeOf(untilMs) : null;
    room.tell('room.muted', { userId, mutedUntil }, 'system', this.#options.now());
  }

  /** Sends a user out; it may come back after a minute. */
  async kick(room: ChatRoom, userId: string): Promise<void> {
    await this.ban(room, userId, KICKED_FOR_MS / 1000);
  }

  /** @param seconds undefined: for good; 0 lifts it. */
  async ban(room: ChatRoom, userId: string, seconds: number | undefined): Promise<void> {
    const untilMs = this.#untilMs(seconds);
    await this.#sanction(room, { userId, kind: 'ban', untilMs });
    if (untilMs === 0) return;
    this.#options.presence({ type: 'banned', roomId: room.id, userId });
    const kicked = { userId, bannedUntil: timeOf(untilMs) };
    const member = room.crowd.get(userId);
    if (!member) return;
    const connections = [...member.connections];
    room.send(connections, 'room.kicked', kicked);
    for (const connection of connections) {
      room.drop(connection);
      connection.worker.push({ type: 'leave', roomId: room.id, connections: [connection.number] });
    }
    room.tell('room.kicked', kicked, 'system', this.#options.now());
    this.#left(room, member, 'kicked');
  }

  /** @throws LiveError BAD_REQUEST when there are too many. */
  async setModerator(room: ChatRoom, userId: string, isOne: boolean): Promise<void> {
    if (isOne) room.floor.checkNewModerator(userId);
    await store.saveModerator(this.#options.db, room.id, userId, isOne);
    room.floor.setModerator(userId, isOne);
    room.tell('room.role', { userId, role: room.floor.roleOf(userId) }, 'system', this.#options.now());
  }

  configure(room: ChatRoom, settings: { slowModeSeconds?: number; muteAll?: boolean }): Promise<void> {
    return this.#options.rooms.configure(room.id, settings);
  }

  /** The room as anybody may see it, at most a second old. */
  view(roomId: string): Promise<Room> {
    const nowMs = this.#options.now();
    const kept = this.#views.get(roomId);
    if (kept && nowMs >= kept.atMs && nowMs - kept.atMs < VIEW_KEPT_MS) return kept.view;
    const view = this.#options.rooms.view(roomId);
    this.#views.set(roomId, { view, atMs: nowMs });
    view.catch(() => this.#views.delete(roomId));
    return view;
  }

  /** What is set for an app's chat, at most a minute old. */
  async rules(appId: string): Promise<AppRules> {
    const nowMs = this.#options.now();
    const kept = this.#rules.get(appId);
    if (kept && nowMs - kept.readAtMs < RULES_KEPT_MS) return kept;
    const rules = (await store.loadRules(this.#options.db, appId)) ?? { words: [], gifts: DEFAULT_GIFTS };
    const read = { rules, words: new WordFilter(rules.words), readAtMs: nowMs };
    this.#rules.set(appId, read);
    return read;
  }

  async setRules(appId: string, rules: ChatRules): Promise<void> {
    await store.saveRules(this.#options.db, appId, rules);
    this.#rules.delete(appId);
  }

  /** Something happened to a room elsewhere. */
  async heard({ roomId, type, reason }: RoomEvent): Promise<void> {
    this.#views.delete(roomId);
    // One that is being read may have been read before this happened.
    const room = this.#open.get(roomId) ?? (await this.#loading.get(roomId)?.catch(() => null));
    if (!room || type === 'opened') return;
    try {
      const view = await this.view(roomId);
      if (type === 'closed') return this.#close(room, { reason, summary: view.summary });
      const { slowModeSeconds, muteAll } = view.settings;
      room.floor.slowModeSeconds = slowModeSeconds;
      room.floor.muteAll = muteAll;
      const nowMs = this.#options.now();
      if (type !== 'changed') room.tell('stream.state', { state: type }, 'system', nowMs);
      room.tell('room.changed', { room: view }, 'system', nowMs);
    } catch (error) {
      this.#options.log.warn({ err: error, roomId }, 'chat did not hear what changed in a room');
    }
  }

  tick(nowMs: number): void {
    for (const room of this.#open.values()) this.#tellAudience(room);
    for (const [member, room] of this.#leaving) {
      if (member.leavesAtMs !== null && member.leavesAtMs > nowMs) continue;
      this.#leaving.delete(member);
      if (member.leavesAtMs !== null && room.holds(member)) this.#left(room, member, 'lost');
    }
  }

  sweep(nowMs: number): void {
    for (const room of this.#open.values()) {
      room.floor.sweep(nowMs);
      room.visitors.sweep(nowMs);
      if (room.isEmpty && nowMs - room.emptySinceMs > EMPTY_KEPT_MS) this.#forget(room);
    }
  }

  /** Sends out who is not logged in, of rooms that are not open to everybody any more. */
  async checkVisitors(): Promise<void> {
    const { rooms, log } = this.#options;
    for (const room of [...this.#open.values()].filter(({ visitors }) => visitors.size > 0))
      try {
        const facts = await rooms.find(room.id);
        if (!facts) continue;
        room.isPublic = facts.isPublic;
        if (!room.isPublic) this.#sendOut(room, [...room.visitors]);
      } catch (error) {
        log.debug({ err: error, roomId: room.id }, 'whether a room is open to everybody is looked at later');
      }
  }

  #sendOut(room: ChatRoom, members: readonly Member[]): void {
    for (const member of members) {
      this.#disconnect(room, member);
      this.#left(room, member, 'kicked');
    }
  }

  #disconnect(room: ChatRoom, { connections }: Member): void {
    for (const connection of [...connections]) {
      room.drop(connection);
      connection.worker.push({ type: 'leave', roomId: room.id, connections: [connection.number] });
    }
  }

  /** Writes down what came up since the last time. What cannot be written now is tried again. */
  save(): Promise<void> {
    return this.#keeper.save();
  }

  async close(): Promise<void> {
    for (const room of [...this.#timers.keys()]) room.flush(this.#options.now());
    // After the last words, which may have asked for more.
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#keeper.close();
  }

  async #load(roomId: string): Promise<ChatRoom | null> {
    const { db, rooms, now, seq, visitorsPerAddress } = this.#options;
    const facts = await rooms.find(roomId);
    if (!facts) return null;
    const { visitors, ...kept } = await store.loadChat(db, roomId);
    const state = { ...facts, ...facts.settings, ...kept, visitorsPerAddress };
    const room = new ChatRoom(state, seq(), now(), {
      wake: (woken, atMs) => this.#wake(woken, atMs),
      unsaved: (spoken) => this.#keeper.add(spoken),
    });
    this.#keeper.begin(roomId, visitors);
    this.#open.set(roomId, room);
    return room;
  }

  #wake(room: ChatRoom, atMs: number): void {
    clearTimeout(this.#timers.get(room));
    const flush = () => {
      this.#timers.delete(room);
      room.flush(this.#options.now());
    };
    this.#timers.set(room, setTimeout(flush, Math.max(0, atMs - this.#options.now())));
  }

  #left(room: ChatRoom, member: Member, reason: 'left' | 'lost' | 'kicked'): void {
    this.#leaving.delete(member);
    if (!room.leave(member, this.#options.now())) return;
    this.#options.presence({ type: 'left', roomId: room.id, userId: member.user.userId, reason });
  }

  #close(room: ChatRoom, closed: { reason: RoomEvent['reason']; summary: Room['summary'] }): void {
    const nowMs = this.#options.now();
    room.tell('room.closed', closed, 'system', nowMs);
    room.flush(nowMs);
    for (const member of room.everybody()) {
      this.#disconnect(room, member);
      this.#leaving.delete(member);
      if (room.visitors.get(member.user.userId)) continue;
      this.#options.presence({ type: 'left', roomId: room.id, userId: member.user.userId, reason: 'closed' });
    }
    this.#keeper.add(room);
    void this.save().then(() => this.#forget(room));
    this.#open.delete(room.id);
  }

  #forget(room: ChatRoom): void {
    clearTimeout(this.#timers.get(room));
    this.#timers.delete(room);
    if (this.#open.get(room.id) === room) this.#open.delete(room.id);
    this.#keeper.forget(room.id);
    for (const kept of [this.#told, this.#views]) kept.delete(room.id);
  }

  async #sanction(room: ChatRoom, sanction: Sanction): Promise<void> {
    if (sanction.untilMs > 0) room.floor.checkNewSanction(sanction);
    await store.saveSanction(this.#options.db, room.id, sanction);
    room.floor.sanction(sanction);
  }

  #untilMs(seconds: number | undefined): number {
    if (seconds === undefined) return Number.POSITIVE_INFINITY;
    return seconds === 0 ? 0 : this.#options.now() + seconds * 1000;
  }

  #tellAudience({ id, viewers }: ChatRoom): void {
    const attendance = this.#keeper.attendance(id);
    if (!attendance) return;
    const { total } = attendance;
    const told = `${viewers} ${total}`;
    if (this.#told.get(id) === told) return;
    this.#told.set(id, told);
    this.#options.rooms.setAudience(id, viewers, total);
  }
}

export const newMessageId = (): string => randomBytes(9).toString('base64url');

const timeOf = (untilMs: number): string => new Date(Math.min(untilMs, LAST_TIME_MS)).toISOString();
/** RFC 3339 has years of four digits: what is for good ends here. */
const LAST_TIME_MS = Date.UTC(9999, 11, 31);

/** Whether one may do something to another in a room: leaders do not mute or send out each other. @throws LiveError FORBIDDEN */
export function checkRank(room: ChatRoom, actor: RoomMember['role'] | 'operator', userId: string): void {
  const target = room.floor.roleOf(userId);
  if (target === 'member' || (actor === 'operator' && target !== 'anchor')) return;
  if (actor === 'anchor' && target === 'moderator') return;
  throw new LiveError(
    'FORBIDDEN',
    target === 'anchor' ? 'not the anchor of the room' : 'only the anchor may do this to a moderator',
    'userId',
  );
}
