import type { ImUp } from '@lianmai/contract';

/** Likes that one user can give within one sum: fingers are not faster. */
const MOST_PER_USER = 20;

/** Sums a worker's likes, so that control hears of a room's hearts once a tick, however many hands give them. */
export class LikeSums {
  readonly #rooms = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#rooms.size === 0;
  }

  add(roomId: string, userId: string, count: number): void {
    const users = this.#rooms.get(roomId) ?? new Map<string, number>();
    this.#rooms.set(roomId, users);
    users.set(userId, Math.min(MOST_PER_USER, (users.get(userId) ?? 0) + count));
  }

  /** What was summed; begins anew. */
  take(): ImUp[] {
    const items = [...this.#rooms].map(([roomId, users]): ImUp => ({ type: 'likes', roomId, byUser: [...users] }));
    this.#rooms.clear();
    return items;
  }
}

/** How many likes a body of `room.send {kind: like}` holds; null: it is not one. */
export function likesOf(body: unknown): number | null {
  const count = typeof body === 'object' && body !== null ? (body as { count?: unknown }).count : (body ?? 1);
  return typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= 100 ? count : null;
}
