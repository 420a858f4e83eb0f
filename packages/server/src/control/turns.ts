/** What is done for one thing (a room, a battle) is done one piece after the other; other things do not wait for it. */
export class Turns {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs the job when those before it are done, however they ended. A job must not wait for another turn of its own thing. */
  take<T>(of: string, job: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(of) ?? Promise.resolve();
    const done = before.then(job);
    const tail = done.then(
      () => {},
      () => {},
    );
    this.#tails.set(of, tail);
    void tail.then(() => {
      if (this.#tails.get(of) === tail) this.#tails.delete(of);
    });
    return done;
  }

  /** Resolves when nothing is waiting any more. */
  async settled(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
