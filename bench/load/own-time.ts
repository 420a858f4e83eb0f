/**
 * Time that passes while this process works, and leaps when it has nothing to do: as on a core of its own, whatever else the
 * machine does meanwhile.
 */
export class OwnTime {
  #leaptMs = 0;

  readonly now = (): number => {
    const { user, system } = process.cpuUsage();
    return this.#leaptMs + (user + system) / 1000;
  };

  sleepUntil(ms: number): void {
    this.#leaptMs += Math.max(0, ms - this.now());
  }
}
