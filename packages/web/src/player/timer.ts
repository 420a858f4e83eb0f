/** One thing to do later; starting it again puts it off. */
export class Timer {
  #handle: ReturnType<typeof setTimeout> | null = null;

  get running(): boolean {
    return this.#handle !== null;
  }

  start(ms: number, action: () => void): void {
    this.stop();
    this.#handle = setTimeout(() => {
      this.#handle = null;
      action();
    }, ms);
  }

  stop(): void {
    if (this.#handle !== null) clearTimeout(this.#handle);
    this.#handle = null;
  }
}
