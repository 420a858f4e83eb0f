/** Steps longer than this are pauses, not what lies between two frames. */
const LONGEST_USUAL_STEP_MS = 120;
const FIRST_STEP_MS = 20;

/** Where one track of a spliced stream is. */
export class TrackClock {
  /** Of the newest frame; null before the first. */
  dts: number | null = null;
  /** The latest of all frames. */
  pts = Number.NEGATIVE_INFINITY;
  /** What usually lies between two frames. */
  stepMs = FIRST_STEP_MS;
  /** When the newest frame came, by the wall clock. */
  atMs = 0;

  /** @returns the frame's time, which never lies before that of the frame before. */
  note(dts: number, cts: number, nowMs: number): number {
    const time = this.dts === null || dts > this.dts ? dts : this.dts;
    const stepMs = this.dts === null ? 0 : time - this.dts;
    if (stepMs > 0 && stepMs <= LONGEST_USUAL_STEP_MS) this.stepMs = stepMs;
    this.dts = time;
    if (time + cts > this.pts) this.pts = time + cts;
    this.atMs = nowMs;
    return time;
  }
}
