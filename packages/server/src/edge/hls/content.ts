import { gzipSync } from 'node:zlib';

/** Below this gzip gains nothing worth its time. */
const SMALLEST_GZIP = 500;

/** The bytes of an answer, shared by everyone who gets it: written once, compressed once. */
export class Content {
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  #gzipped: Buffer | null = null;

  constructor(chunks: readonly Buffer[]) {
    this.chunks = chunks;
    this.bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  static text(text: string): Content {
    return new Content([Buffer.from(text)]);
  }

  toString(): string {
    return Buffer.concat(this.chunks).toString();
  }

  /** null when it does not pay. */
  gzipped(): Buffer | null {
    if (this.bytes < SMALLEST_GZIP) return null;
    this.#gzipped ??= gzipSync(Buffer.concat(this.chunks), { level: 5 });
    return this.#gzipped;
  }
}
