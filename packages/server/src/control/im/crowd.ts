import type { UserProfile } from '@lianmai/contract/rest';
import type { Connection } from './connection.ts';

/** A user or a visitor in a room, by one or more connections. */
export interface Member {
  /** Grows with each that comes. */
  readonly no: number;
  user: UserProfile;
  readonly connections: Set<Connection>;
  /** Its last connection broke: it has left then, unless it comes back. null: it is there. */
  leavesAtMs: number | null;
}

/** Who is in a room. One with two tabs is one. */
export class Crowd {
  readonly #members = new Map<string, Member>();
  #lastNo = 0;

  /** Users, those included whose connection broke a moment ago. */
  get size(): number {
    return this.#members.size;
  }

  get(userId: string): Member | undefined {
    return this.#members.get(userId);
  }

  /** In the order they came. */
  [Symbol.iterator](): Iterator<Member> {
    return this.#members.values();
  }

  /** @returns the member, and whether it was not there before. */
  enter(connection: Connection): { member: Member; isNew: boolean } {
    const { profile } = connection;
    const known = this.#members.get(profile.userId);
    const member = known ?? { no: ++this.#lastNo, user: profile, connections: new Set<Connection>(), leavesAtMs: null };
    member.user = profile;
    member.connections.add(connection);
    member.leavesAtMs = null;
    if (!known) this.#members.set(profile.userId, member);
    return { member, isNew: !known };
  }

  /** Takes a connection away. @returns the member when it was its last. */
  drop(connection: Connection): Member | null {
    const member = this.#members.get(connection.identity.userId);
    if (!member?.connections.delete(connection)) return null;
    return member.connections.size === 0 ? member : null;
  }

  remove(userId: string): void {
    this.#members.delete(userId);
  }

  /** Members with a larger number than `afterNo`, who are not in `without`, in the order they came. */
  after(afterNo: number, limit: number, without: ReadonlySet<string>): Member[] {
    const found: Member[] = [];
    for (const member of this.#members.values()) {
      if (found.length === limit) break;
      if (member.no > afterNo && !without.has(member.user.userId)) found.push(member);
    }
    return found;
  }
}
