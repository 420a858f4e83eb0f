import type { Group } from './group.ts';
import type { Viewer } from './viewer.ts';

/** The viewers of one stream and format who share a phase of the tick, and so every buffer. */
export class Lane {
  readonly group: Group;
  readonly phase: number;
  readonly viewers: Viewer[] = [];
  /** Number of the next frame to flush. */
  cursor: number;
  /** What a newcomer gets: head and GOP up to `cursor`; made at the first join after a flush. */
  join: Buffer | null = null;

  constructor(group: Group, phase: number, cursor: number) {
    this.group = group;
    this.phase = phase;
    this.cursor = cursor;
  }

  add(viewer: Viewer): void {
    viewer.lane = this;
    viewer.place = this.viewers.length;
    this.viewers.push(viewer);
  }

  /** The last one takes the free place, so that leaving costs the same however many watch. */
  remove(viewer: Viewer): void {
    const last = this.viewers.pop();
    if (!last || last === viewer) return;
    this.viewers[viewer.place] = last;
    last.place = viewer.place;
  }
}
