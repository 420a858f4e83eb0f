/** Names and bounds of the chat WebSocket: what clients and servers need without the schemas of ./im.ts. */
import type { ErrorBody } from './errors.ts';

/** Bytes of one message from a client, all its fragments together. */
export const IM_LONGEST_MESSAGE = 8 << 10;
/** Requests and notifications in one batch from a client. */
export const IM_LONGEST_BATCH = 20;
/** How long the rooms of a connection that broke wait for the user to come back with its `seq`, ms. */
export const IM_RESUME_MS = 60_000;

export const ROOM_ROLES = ['anchor', 'moderator', 'member'] as const;
export type RoomRole = (typeof ROOM_ROLES)[number];

/** What a user may send; `system` comes from the operator. */
export const SENT_KINDS = ['text', 'danmaku', 'like', 'gift', 'custom'] as const;
export type SentKind = (typeof SENT_KINDS)[number];

/**
 * Who comes first when a room has more to say than goes out (40 messages a second). The smaller the number, the more
 * important: the others are dropped first.
 */
export const IM_PRIORITY = { system: 0, signal: 1, gift: 2, text: 3, danmaku: 4, like: 5 } as const;
export type ImPriority = keyof typeof IM_PRIORITY;

/** Why the server closed a connection (RFC 6455 7.4.2). From 4400 on: connecting again the same way is of no use. */
export const IM_CLOSE = {
  tooSlow: 4001,
  replaced: 4002,
  unauthenticated: 4401,
  flood: 4429,
} as const;

export type ImId = string | number | null;

/** An error of JSON-RPC 2.0 §5.1, with what every error of the API has in `data`. */
export interface ImError {
  code: number;
  message: string;
  data: ErrorBody['error'];
}

/** Error codes of JSON-RPC 2.0 §5.1; `failed` is every other LiveError, told apart by `data.code`. */
export const RPC_CODES = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  failed: -32000,
} as const;
