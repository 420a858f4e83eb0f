import { IM_RESUME_MS, type ImIdentity } from '@lianmai/contract';
import type { Connection } from './connection.ts';

/** Sessions that broke and may come back; older ones give way. */
const MOST_LOST = 50_000;

/** Where a session was. */
export interface Whereabouts {
  identity: ImIdentity;
  rooms: readonly string[];
  /** Its connection, when it was not known to be gone; null: it was. */
  connection: Connection | null;
}

/** App ids have no blank. */
export const userKey = ({ appId, userId }: ImIdentity): string => `${appId} ${userId}`;

/** Who is connected, and who was a moment ago. */
export class Sessions {
  readonly #users = new Map<string, Set<Connection>>();
  readonly #bySession = new Map<string, Connection>();
  /** In the order they were lost. */
  readonly #lost = new Map<string, { identity: ImIdentity; rooms: readonly string[]; atMs: number }>();
  readonly #lastLost = new Map<string, string>();

  connectionsOf(user: ImIdentity): ReadonlySet<Connection> {
    return this.#users.get(userKey(user)) ?? NOBODY;
  }

  add(connection: Connection): void {
    const key = userKey(connection.identity);
    const connections = this.#users.get(key) ?? new Set();
    this.#users.set(key, connections.add(connection));
    this.#bySession.set(connection.session, connection);
  }

  /** Forgets a connection; for a while its session can be taken up again. @returns whether it was its user's last. */
  remove(connection: Connection, nowMs: number): boolean {
    const { identity, session } = connection;
    connection.worker.connections.delete(connection.number);
    const key = userKey(identity);
    const connections = this.#users.get(key);
    if (!connections?.delete(connection)) return false;
    this.#bySession.delete(session);
    this.#lost.set(session, { identity, rooms: [...connection.rooms], atMs: nowMs });
    this.#lastLost.set(key, session);
    const [oldest] = this.#lost.keys();
    if (this.#lost.size > MOST_LOST && oldest !== undefined) this.#forget(oldest);
    if (connections.size > 0) return false;
    this.#users.delete(key);
    return true;
  }

  /** Takes up where a user was: by its session, or where it was last; null: that is too long ago, or was somebody else. */
  resume(identity: ImIdentity, session: string | null, nowMs: number): Whereabouts | null {
    const alive = session === null ? undefined : this.#bySession.get(session);
    if (alive)
      return isSame(alive.identity, identity) ? { identity, rooms: [...alive.rooms], connection: alive } : null;
    const name = session ?? this.#lastLost.get(userKey(identity));
    const lost = name === undefined ? undefined : this.#lost.get(name);
    if (name === undefined || !lost || lost.atMs < nowMs - IM_RESUME_MS || !isSame(lost.identity, identity))
      return null;
    this.#forget(name);
    return { identity, rooms: lost.rooms, connection: null };
  }

  sweep(nowMs: number): void {
    for (const [session, { atMs }] of this.#lost) {
      if (atMs >= nowMs - IM_RESUME_MS) return;
      this.#forget(session);
    }
  }

  #forget(session: string): void {
    const lost = this.#lost.get(session);
    if (!lost) return;
    this.#lost.delete(session);
    const key = userKey(lost.identity);
    if (this.#lastLost.get(key) === session) this.#lastLost.delete(key);
  }
}

const NOBODY: ReadonlySet<Connection> = new Set();

const isSame = (a: ImIdentity, b: ImIdentity): boolean => a.userId === b.userId && a.appId === b.appId;
