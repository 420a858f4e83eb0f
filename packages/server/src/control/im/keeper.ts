import { LiveError } from '@lianmai/contract';
import type { Logger } from 'pino';
import type { Db } from '../../store/store.ts';
import { Attendance } from './attendance.ts';
import type { ChatRoom, Unsaved } from './chat-room.ts';
import { saveChat, type UnsavedChat } from './store.ts';

export interface KeeperOptions {
  db: Db;
  log: Logger;
  /** Rooms in memory. */
  open(): Iterable<ChatRoom>;
}

/** What is said within this is written down, and answered, together. */
const TOGETHER_MS = 20;

/** What is to be written of a room. */
interface Taken {
  room: ChatRoom;
  messages: Unsaved[];
  gifts: boolean;
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
      const { messages, gifts } = room.takeUnsaved();
      const viewers = this.#attendance.get(room.id)?.take() ?? [];
      if (messages.length > 0 || gifts || viewers.length > 0) taken.push({ room, messages, gifts, viewers });
    }
    if (taken.length === 0) return;
    try {
      for (const [roomId, added] of await saveChat(this.#options.db, taken.map(unsavedOf)))
        this.#attendance.get(roomId)?.added(added);
    } catch (error) {
      for (const one of taken) this.#putBack(one);
      throw error;
    }
    for (const { messages } of taken) for (const { done } of messages) done(null);
  }

  #putBack({ room, messages, gifts, viewers }: Taken): void {
    room.putBack({ messages, gifts });
    this.#attendance.get(room.id)?.putBack(viewers);
    this.#unsaved.add(room);
  }
}

const unsavedOf = ({ room, messages, gifts, viewers }: Taken): UnsavedChat => ({
  roomId: room.id,
  messages: messages.map(({ message }) => message),
  gifts: gifts ? room.gifts : null,
  visitors: viewers,
});
