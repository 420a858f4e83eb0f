import type { Socket } from 'node:net';
import type { Logger } from '../../log/log.ts';
import type { LiveStream } from '../hub/sink.ts';
import { FlushClock, PHASES } from './flush-clock.ts';
import type { FanoutFormat } from './format.ts';
import { Group, type ViewerLimits } from './group.ts';
import type { Lane } from './lane.ts';
import { type FanoutViewer, Viewer, type ViewerEvents, type ViewerKeeper } from './viewer.ts';

export interface FanoutOptions extends ViewerLimits {
  /** Tick of the merged writes; null: adapts to the number of viewers. */
  flushMs: number | null;
  log: Pick<Logger, 'info'>;
}

/**
 * All viewers of a worker whose protocol writes the same bytes to everyone. A stream's frames are written once per
 * format; every tick what is new becomes ONE buffer that goes to all sockets.
 */
export class Fanouts implements ViewerKeeper {
  readonly #options: FanoutOptions;
  readonly #clock: FlushClock;
  readonly #groups = new Map<LiveStream, Map<FanoutFormat, Group>>();
  readonly #lanes = Array.from({ length: PHASES }, () => new Set<Lane>());

  constructor(options: FanoutOptions) {
    this.#options = options;
    this.#clock = new FlushClock(options.flushMs, (phase) => {
      for (const lane of this.#lanes[phase]!) lane.group.flush(lane);
    });
  }

  /** Sockets written to now. */
  get viewers(): number {
    return this.#clock.viewers;
  }

  /** The tick in use, ms. */
  get tickMs(): number {
    return this.#clock.tickMs;
  }

  /**
   * Writes a stream to a socket from its newest key frame on; the first bytes leave in this call. Counts the viewer and its
   * bytes for the stream's figures, uses the socket's time-out, and destroys a socket that takes nothing for too long. The
   * caller reads the socket, or drops what comes.
   * @param prefix goes before everything, outside the format's envelope, such as the head of a response.
   * @param returning it had frames of this stream before: it goes on at the next key frame, so that its time never goes back.
   */
  join(
    stream: LiveStream,
    format: FanoutFormat,
    socket: Socket,
    events: ViewerEvents,
    prefix?: Buffer,
    returning = false,
  ): FanoutViewer {
    const viewer = new Viewer(socket, events, this);
    if (returning) viewer.progress = 'returning';
    const group = this.#group(stream, format);
    const phase = this.#clock.add();
    stream.countViewers(format.protocol, 1);
    group.join(viewer, phase, prefix);
    this.#lanes[phase]!.add(viewer.lane!);
    if (socket.destroyed) viewer.leave();
    return viewer;
  }

  left(viewer: Viewer): void {
    const lane = viewer.lane;
    if (!lane) return;
    const { group, phase } = lane;
    this.#clock.remove(phase);
    group.stream.countViewers(group.format.protocol, -1);
    if (group.leave(viewer)) this.#lanes[phase]!.delete(lane);
    if (!group.empty) return;
    group.stream.detach(group);
    const formats = this.#groups.get(group.stream);
    formats?.delete(group.format);
    if (formats?.size === 0) this.#groups.delete(group.stream);
  }

  stalled(viewer: Viewer): void {
    const { socket } = viewer;
    this.#options.log.info(
      {
        stream: viewer.lane?.group.stream.name,
        protocol: viewer.lane?.group.format.protocol,
        ip: socket.remoteAddress,
        unsentBytes: socket.writableLength,
        stallMs: this.#options.viewerStallMs,
      },
      'viewer closed: it takes nothing',
    );
    viewer.leave();
    socket.destroy();
  }

  /** Lets every viewer go as if its stream had ended. */
  close(): void {
    this.#clock.close();
    for (const lanes of this.#lanes)
      for (const lane of lanes) {
        lane.group.ended('shutdown');
        lane.group.flush(lane);
      }
  }

  #group(stream: LiveStream, format: FanoutFormat): Group {
    const formats = this.#groups.get(stream) ?? new Map<FanoutFormat, Group>();
    this.#groups.set(stream, formats);
    const group = formats.get(format) ?? new Group(stream, format, this.#options);
    formats.set(format, group);
    return group;
  }
}
