/** What is done for one thing (a room, a battle, a connection) is done one piece after the other; other things do not wait for it. */
export class Turns {
  readonly #lines = new Map<string, { tail: Promise<void>; length: number }>();

  /** Runs the job when those before it are done, however they ended. A job must not wait for another turn of its own thing. */
  take<T>(of: string, job: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(of) ?? { tail: Promise.resolve(), length: 0 };
    this.#lines.set(of, line);
    line.length += 1;
    const done = line.tail.then(job);
    const leave = () => {
      line.length -= 1;
      if (line.length === 0) this.#lines.delete(of);
    };
    line.tail = done.then(leave, leave);
    return done;
  }

  /** Jobs that are not done yet. */
  waiting(of: string): number {
    return this.#lines.get(of)?.length ?? 0;
  }

  /** Resolves when nothing is waiting any more. */
  async settled(): Promise<void> {
    while (this.#lines.size > 0) await Promise.all([...this.#lines.values()].map(({ tail }) => tail));
  }
}
