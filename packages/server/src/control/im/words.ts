/** A node of the tree of words, by folded characters. */
interface Node {
  next: Map<string, Node>;
  isEnd: boolean;
}

/** Blanks and marks that people put between the letters of a word to get past a filter. */
const BETWEEN = /[\s\p{P}\p{S}\p{M}\p{Cf}]/u;
const MOST_BETWEEN = 3;

/**
 * Replaces words of a list by stars, one for each character. Case, width (full and half) and accents make no difference,
 * nor do a few blanks and marks between the letters. Takes time by the length of the text, whatever the list's.
 */
export class WordFilter {
  readonly #root: Node = { next: new Map(), isEnd: false };
  readonly isEmpty: boolean;

  constructor(words: readonly string[]) {
    for (const word of words) this.#add(word);
    this.isEmpty = this.#root.next.size === 0;
  }

  clean(text: string): string {
    if (this.isEmpty) return text;
    const characters = [...text];
    const folded = characters.map(fold);
    let changed = false;
    for (let at = 0; at < characters.length; at++) {
      const end = this.#match(folded, at);
      if (end < 0) continue;
      changed = true;
      characters.fill('*', at, end);
      at = end - 1;
    }
    return changed ? characters.join('') : text;
  }

  #add(word: string): void {
    let node = this.#root;
    for (const character of word) {
      const folded = fold(character);
      if (folded === '') continue;
      const next = node.next.get(folded) ?? { next: new Map(), isEnd: false };
      node.next.set(folded, next);
      node = next;
    }
    if (node !== this.#root) node.isEnd = true;
  }

  /** Where the longest word that begins at `at` ends; -1: none does. */
  #match(folded: readonly string[], at: number): number {
    let node = this.#root;
    let end = -1;
    let between = 0;
    for (let i = at; i < folded.length; i++) {
      const next = node.next.get(folded[i]!);
      if (next) {
        node = next;
        between = 0;
        if (node.isEnd) end = i + 1;
      } else if (i === at || folded[i] !== '' || (between += 1) > MOST_BETWEEN) break;
    }
    return end;
  }
}

/** A character as it is compared; empty: it does not count. */
function fold(character: string): string {
  if (BETWEEN.test(character)) return '';
  return character.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
