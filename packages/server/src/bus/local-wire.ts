/** What members of the local bus and their broker send each other, over any channel that keeps order. */
import type { ErrorBody } from '@lianmai/contract';

/** How a subject's messages are spread: to all listeners, to one server, or to all answerers. */
export type Role = 'listen' | 'serve' | 'answer';

export type ToBroker =
  | { type: 'join' | 'quit'; role: Role; subject: string }
  | { type: 'event'; subject: string; body: unknown }
  | { type: 'request' | 'gather'; id: number; subject: string; body: unknown; timeoutMs: number }
  | { type: 'reply'; call: number; body?: unknown; error?: ErrorBody }
  | { type: 'acquire'; id: number; key: string; value: unknown }
  | { type: 'release'; id: number; key: string }
  | { type: 'watch' | 'unwatch'; id: number; prefix: string };

export type ToMember =
  | { type: 'event'; subject: string; body: unknown }
  | { type: 'call'; call: number; role: 'serve' | 'answer'; subject: string; body: unknown }
  | { type: 'done'; id: number; body?: unknown; error?: ErrorBody }
  | { type: 'lease'; key: string; value: unknown };

/** One end of a connection between a member and the broker. Sending on a closed channel does nothing. */
export interface Channel<In, Out> {
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  onClose(listener: () => void): void;
}
