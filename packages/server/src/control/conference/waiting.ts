/** At most so many wait for news at once; each is a request that is open. */
const MOST_WAITING = 10_000;

/** Requests that wait for a conference to change. */
export class Waiting {
  /** By conference, then by member: each waits once. */
  readonly #byConference = new Map<string, Map<number, () => void>>();
  #count = 0;
  #closed = false;

  get full(): boolean {
    return this.#count >= MOST_WAITING;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Waits until the conference changes, the time is over, or the same member waits anew. Take it before looking at the
   * conference, so that no change falls between.
   * @returns `over` resolves then; `stop` ends the wait and must be called.
   */
  begin(conferenceId: string, no: number, timeoutMs: number): { over: Promise<void>; stop: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#closed) return { over: Promise.resolve(), stop: () => {} };
    const members = this.#byConference.get(conferenceId) ?? new Map<number, () => void>();
    this.#byConference.set(conferenceId, members);
    members.get(no)?.();
    const timer = setTimeout(() => stop(), timeoutMs);
    let going = true;
    const stop = () => {
      if (!going) return;
      going = false;
      clearTimeout(timer);
      this.#count--;
      if (members.get(no) === stop) members.delete(no);
      if (members.size === 0 && this.#byConference.get(conferenceId) === members)
        this.#byConference.delete(conferenceId);
      resolve();
    };
    members.set(no, stop);
    // The one before may have emptied and dropped the map.
    this.#byConference.set(conferenceId, members);
    this.#count++;
    return { over: promise, stop };
  }

  wake(conferenceId: string): void {
    for (const stop of [...(this.#byConference.get(conferenceId)?.values() ?? [])]) stop();
  }

  /** Nobody waits any more, now and later. */
  close(): void {
    this.#closed = true;
    for (const id of [...this.#byConference.keys()]) this.wake(id);
  }
}
