/** What media workers, which hold the sockets of chat, and control, which decides, say to each other. */
import type { ErrorBody } from './errors.ts';

/** Who a connection's token is for; of a visitor, who has none: {@link visitorIdentity}. */
export interface ImIdentity {
  userId: string;
  appId: string;
}

/** Who is not logged in: of no app, by a name that no user can have. */
export const visitorIdentity = (visitor: string): ImIdentity => ({ appId: '', userId: `~${visitor}` });

/** What a client said of itself when it connected. */
export interface ImOpening {
  /** Given once in a worker's life (`incarnation`). */
  connection: number;
  identity: ImIdentity;
  /** The token it came with; its signature is checked, not whether it was logged out. null: a visitor's, who has none. */
  token: { generation: number; id: string } | null;
  /** Of the browser, the same before its user logs in and after, so that it is counted once; null: it gave none. */
  visitor: string | null;
  /** Of the last event it saw, and where; null: it is new. */
  seq: number | null;
  lastSession: string | null;
  /** Of the client; of IPv6 the /64 it has. */
  ip: string;
}

/** A socket as its worker knows it. */
export interface ImConnection extends ImOpening {
  /** null: control did not answer its opening yet. */
  session: string | null;
  rooms: readonly string[];
}

/** Something that happened on a worker's sockets. */
export type ImUp =
  | ({ type: 'open' } & ImOpening)
  /** `clean`: the client said goodbye. */
  | { type: 'close'; connection: number; clean: boolean }
  /** `call` null: a notification, which is not answered. */
  | { type: 'call'; connection: number; call: number | null; method: string; params: unknown }
  /** Likes of members, summed since the last time. */
  | { type: 'likes'; roomId: string; byUser: readonly (readonly [userId: string, count: number])[] };

/** In the order it happened. */
export interface ImReport {
  worker: string;
  incarnation: string;
  items: readonly ImUp[];
}

/** All sockets of a worker. */
export interface ImAnnouncement {
  worker: string;
  incarnation: string;
  connections: readonly ImConnection[];
}

/** Something a worker does with its sockets. */
export type ImDown =
  /** To all its sockets in the room. `text` is a JSON-RPC message or batch; `droppable`: nothing in it but low priorities. */
  | { type: 'room'; roomId: string; text: string; droppable: boolean }
  | { type: 'send'; connections: readonly number[]; text: string }
  /** `result` is JSON text. */
  | { type: 'answer'; connection: number; call: number; result: string }
  | { type: 'refusal'; connection: number; call: number; error: ErrorBody['error'] }
  | { type: 'ready'; connection: number; session: string; text: string }
  | { type: 'enter' | 'leave'; roomId: string; connections: readonly number[] }
  | { type: 'close'; connections: readonly number[]; code: number; reason: string }
  /** Control knows nothing of this worker's sockets: it is to announce them. */
  | { type: 'announce' };

/** In the order it is to be done. */
export interface ImDelivery {
  items: readonly ImDown[];
}
