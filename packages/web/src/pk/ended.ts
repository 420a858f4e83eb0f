import type { PkSession, PkState } from '@lianmai/contract/im';

/** What to say of a battle's end; the names are those of anchors. */
export interface EndWord {
  key: 'won' | 'even' | 'over' | 'left' | 'gone' | 'notBegun' | 'withdrawn' | 'timedOut';
  name?: string;
  winner?: string;
}

/**
 * How a battle ended, for one of its anchors or for who watches.
 * @param before what was known of its state; null: nothing.
 * @param own room of the anchor who is told; null: a viewer, who hears of no battle that did not begin.
 * @returns null: nothing needs to be said.
 */
export function endWord(ended: PkSession, before: PkState | null, own: string | null): EndWord | null {
  const [first, second] = ended.sides;
  const winner = ended.sides.find(({ roomId }) => roomId === ended.winner)?.anchor.nickname;
  switch (ended.endReason) {
    case 'over':
      return winner === undefined ? { key: 'even' } : { key: 'won', name: winner };
    case 'quit':
    case 'anchor-gone':
    case 'room-closed': {
      // Who won was told when the battle was decided.
      if (before === 'punishment') return { key: 'over' };
      if (winner === undefined) return own === null ? null : { key: 'notBegun' };
      const { anchor } = ended.winner === first.roomId ? second : first;
      return { key: ended.endReason === 'quit' ? 'left' : 'gone', name: anchor.nickname, winner };
    }
    case 'timed-out':
      if (own === null) return null;
      if (before === 'joining') return { key: 'notBegun' };
      return own === first.roomId ? { key: 'timedOut', name: second.anchor.nickname } : null;
    case 'cancelled':
      return own === second.roomId ? { key: 'withdrawn', name: first.anchor.nickname } : null;
    default:
      // Rejected: the answer has said so.
      return null;
  }
}
