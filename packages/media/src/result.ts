/**
 * What a parser returns for wire data it cannot accept: never thrown, so that one bad peer costs one value.
 * `offset` counts bytes from the start of the buffer the parser was given.
 */
export class WireError {
  readonly offset: number;
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string, offset = 0) {
    this.expected = expected;
    this.got = got;
    this.offset = offset;
  }

  get message(): string {
    return `expected ${this.expected}, got ${this.got} at byte ${this.offset}`;
  }
}
