import type { ImIdentity, ImPriority } from '@lianmai/contract';
import type { Static, TObject } from 'typebox';
import type { Unsubscribe } from '../../bus/bus.ts';
import type { Db } from '../../store/store.ts';

/** Who makes a call, and on which of its connections. */
export interface ImCaller extends ImIdentity {
  connectionId: string;
  /** Nobody is logged in there. */
  isVisitor: boolean;
}

/**
 * Who may call a method. All but `user` look at the `roomId` of its params: a `member` is in that room now; a `moderator`
 * is its anchor or one of its moderators; the `anchor` is its anchor. The last two need not be in the room.
 */
export type ImRight = 'user' | 'member' | 'moderator' | 'anchor';

/** A method that clients may call. */
export interface ImMethod<P extends TObject = TObject> {
  name: string;
  /** What does not fit is refused with BAD_REQUEST, the field named. */
  params: P;
  who: ImRight;
  /** Who is not logged in may call it too; default: is told to log in. */
  visitors?: boolean;
  /** What it resolves with is the result. Its LiveErrors are the caller's; others are INTERNAL and logged. */
  handler(caller: ImCaller, params: Static<P>): unknown;
}

export type ImPresence =
  /** A user's first connection came into the room. */
  | { type: 'entered'; roomId: string; userId: string }
  /** The user's last connection left the room, or broke and did not come back in time; or the room sent it out. */
  | { type: 'left'; roomId: string; userId: string; reason: 'left' | 'lost' | 'kicked' | 'closed' }
  /** A user was sent out of the room, whether it is there or not, and may not come back for a while. */
  | { type: 'banned'; roomId: string; userId: string }
  /** A user without any connection for so long that it is not coming back by itself. */
  | ({ type: 'gone' } & ImIdentity);

/** Hearts given in a room, as they are counted. */
export interface Likes {
  roomId: string;
  count: number;
}

/** What was given in a room since that was written down last. */
export interface Gifts {
  roomId: string;
  /** Prices of all of them together. */
  worth: number;
}

/**
 * Writes what follows from gifts, in the transaction that writes the gifts: what fails here fails there, and is tried again.
 * @returns what is to be done when all of it is on the disk.
 */
export type GiftWriter = (tx: Db, gifts: readonly Gifts[]) => Promise<() => void>;

export interface SignalOptions {
  /** How long it is kept for connections to come, ms; default 10 s: who asks to be answered asks again after that. */
  ttlMs?: number;
  /** Told twice it is sent once. Default: a new one. */
  signalId?: string;
}

/** What chat offers to other domains: their methods on its sockets, their events to users and rooms. */
export interface ImDesk {
  /** Before the first client calls it. @throws Error when the name is taken. */
  define<P extends TObject>(method: ImMethod<P>): void;

  /**
   * Sends an event to all connections of a user, with a `seq` and a `signalId` added to `params`. At least once: it is
   * kept until one of them acknowledges it or its time is over, and sent again to connections that come meanwhile.
   * @returns the signal's id.
   */
  signal(user: ImIdentity, event: string, params: object, options?: SignalOptions): string;

  /** Sends an event to everybody in a room with the next batch, `seq` and `roomId` added; by `priority` it may be dropped. */
  broadcast(roomId: string, event: string, params: object, priority: ImPriority): void;

  isOnline(user: ImIdentity): boolean;
  isInRoom(roomId: string, userId: string): boolean;

  onPresence(listener: (change: ImPresence) => void): Unsubscribe;
  onLikes(listener: (likes: Likes) => void): Unsubscribe;
  /** Before the first gift is given; for as long as gifts are written, which is longer than others listen. */
  withGifts(write: GiftWriter): void;
}

/** Defines methods whose params the contract has, by their names. */
export const definer =
  <M extends Readonly<Record<string, { params: TObject }>>>(im: Pick<ImDesk, 'define'>, methods: M) =>
  <N extends keyof M & string>(
    name: N,
    who: ImRight,
    handler: ImMethod<M[N]['params']>['handler'],
    options: Pick<ImMethod, 'visitors'> = {},
  ): void =>
    im.define<M[N]['params']>({ name, params: methods[name]!.params, who, handler, ...options });
