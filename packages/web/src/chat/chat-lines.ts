import type { RoomMember, RoomMessage } from '@lianmai/contract/im';

/** One line of the chat. Texts are what people wrote: shown as text, never as HTML. */
export type ChatLine =
  | { kind: 'text' | 'danmaku'; id: string; from: RoomMember; text: string; isOwn: boolean }
  | { kind: 'gift'; id: string; from: RoomMember; giftId: string; name: string; count: number }
  | { kind: 'notice'; id: string; text: string }
  | { kind: 'joined'; id: string; user: RoomMember; others: number };

/** More than this nobody scrolls back to, and phones would feel it. */
export const MOST_LINES = 150;

/** What a message looks like in the chat; null: it is not shown there (likes, others' custom messages). */
export function lineOf({ id, kind, from, body }: RoomMessage, selfId: string): ChatLine | null {
  if (kind === 'system') return { kind: 'notice', id, text: textOf(body) };
  if (from === null) return null;
  if (kind === 'text' || kind === 'danmaku')
    return { kind, id, from, text: textOf(body), isOwn: from.userId === selfId };
  if (kind !== 'gift') return null;
  const { giftId, name, count } = body as { giftId: string; name: string; count: number };
  return { kind, id, from, giftId, name, count };
}

export const joinedLine = (user: RoomMember, others: number, seq: number): ChatLine => ({
  kind: 'joined',
  id: `joined-${seq}`,
  user,
  others,
});

/** The lines with one more, the oldest gone when there are too many. Who came in is shown once, at the end, not in a row. */
export function withLine(lines: readonly ChatLine[], line: ChatLine): readonly ChatLine[] {
  if (lines.some(({ id }) => id === line.id)) return lines;
  const last = lines.at(-1);
  const kept = line.kind === 'joined' && last?.kind === 'joined' ? lines.slice(0, -1) : lines;
  return [...kept, line].slice(-MOST_LINES);
}

/** Of a text or danmaku: itself, or in a field. */
export function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  const { text } = (body ?? {}) as { text?: unknown };
  return typeof text === 'string' ? text : '';
}
