/** When pictures came, by their own times: how far behind the most punctual one of its stream each was. */
export class Arrivals {
  readonly #came: { dtsMs: number; atMs: number }[] = [];

  note(dtsMs: number, atMs: number): void {
    this.#came.push({ dtsMs, atMs });
  }

  /** Of those that came in this time, ms behind the most punctual of them. */
  lateness(fromMs: number, toMs: number): number[] {
    const behind = this.#came
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .map(({ dtsMs, atMs }) => atMs - dtsMs);
    const least = Math.min(...behind);
    return behind.map((ms) => ms - least);
  }
}
