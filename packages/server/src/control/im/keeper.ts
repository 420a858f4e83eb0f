import { LiveError } from '@lianmai/contract';
import type { Logger } from 'pino';
import type { Db } from '../../store/store.ts';
import { Attendance } from './attendance.ts';
import type { ChatRoom, UnsavedChat } from './chat-room.ts';
import type { GiftWriter } from './desk.ts';
import { type ChatRows, saveChat } from './store.ts';

export interface KeeperOptions {
  db: Db;
  log: Logger;
  /** Rooms in memory. */
  open(): Iterable<ChatRoom>;
  writeGifts: GiftWriter;
}

/** What is said within this is written down, and answered, together. */
const TOGETHER_MS = 20;

/** What is to be written of a room. */
interface Taken {
  room: ChatRoom;
  chat: UnsavedChat;
  viewers: string[];
}

/** Writes rooms' chat down: what was said a moment after it was said, who was there now and then. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #attendance = new Map<string, Attendance>();
  /** With something that is not written. */
  readonly #unsaved = new Set<ChatRoom>();
  #timer: NodeJS.Timeout | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** A room was read from the database. @param viewers different ones that were there before. */
  begin(roomId: string, viewers: number): void {
    this.#attendance.set(roomId, new Attendance(viewers));
  }

  forget(roomId: string): void {
    this.#attendance.delete(roomId);
  }

  /** Who was in the room, whenever. */
  attendance(roomId: string): Attendance | undefined {
    return this.#attendance.get(roomId);
  }

  /** A room has something that is to be written soon. */
  add(room: ChatRoom): void {
    this.#unsaved.add(room);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#saveOf(() => new Set(this.#unsaved));
    }, TOGETHER_MS);
  }

  /** Writes down what came up since the last time. What cannot be written now is tried again. */
  save(): Promise<void> {
    return this.#saveOf(() => new Set([...this.#options.open(), ...this.#unsaved]));
  }

  /** Writes what is there; whoever waits for what cannot be written is told so. */
  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.save();
    for (const room of this.#unsaved)
      for (const { done } of room.takeUnsaved().messages)
        done(new LiveError('UNAVAILABLE', 'it was said, but could not be written down: the database is away'));
  }

  #saveOf(rooms: () => Set<ChatRoom>): Promise<void> {
    this.#saving = this.#saving
      .then(() => this.#save(rooms()))
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'what was said last in rooms is not written down yet');
      });
    return this.#saving;
  }

  async #save(rooms: ReadonlySet<ChatRoom>): Promise<void> {
    const taken: Taken[] = [];
    for (const room of rooms) {
      this.#unsaved.delete(room);
      const chat = room.takeUnsaved();
      const viewers = this.#attendance.get(room.id)?.take() ?? [];
      if (chat.messages.length > 0 || chat.gifts || viewers.length > 0) taken.push({ room, chat, viewers });
    }
    if (taken.length === 0) return;
    try {
      await this.#write(taken);
    } catch (error) {
      for (const one of taken) this.#putBack(one);
      throw error;
    }
    for (const { chat } of taken) for (const { done } of chat.messages) done(null);
  }

  /** All of it or nothing. */
  async #write(taken: readonly Taken[]): Promise<void> {
    const { db, writeGifts } = this.#options;
    const gifts = taken.flatMap(({ room, chat }) => (chat.worth > 0 ? [{ roomId: room.id, worth: chat.worth }] : []));
    const { added, counted } = await db.transaction().execute(async (tx) => ({
      added: await saveChat(tx, taken.map(rowsOf)),
      counted: gifts.length > 0 ? await writeGifts(tx, gifts) : null,
    }));
    counted?.();
    for (const [roomId, visitors] of added) this.#attendance.get(roomId)?.added(visitors);
  }

  #putBack({ room, chat, viewers }: Taken): void {
    room.putBack(chat);
    this.#attendance.get(room.id)?.putBack(viewers);
    this.#unsaved.add(room);
  }
}

const rowsOf = ({ room, chat, viewers }: Taken): ChatRows => ({
  roomId: room.id,
  messages: chat.messages.map(({ message }) => message),
  gifts: chat.gifts ? room.gifts : null,
  visitors: viewers,
});
