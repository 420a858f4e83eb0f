import type { AudioFrame, Frame, VideoFrame } from '@lianmai/media';
import { LiveStreamImpl } from '../../hub/live-stream.ts';
import { UsageMeter } from '../../hub/usage-meter.ts';
import { WorkerTraffic } from '../../hub/worker-traffic.ts';

export interface CameraOptions {
  /** Of the source's own clock when the world's is 0. */
  clockMs?: number;
  frameMs?: number;
  gopMs?: number;
  /** Distance of sound frames; null: no sound. */
  soundMs?: number | null;
  pictures?: boolean;
  /** How much later than the picture of the same moment its sound comes. */
  soundLateMs?: number;
  /** Of every picture. */
  ctsMs?: number;
}

const traffic = new WorkerTraffic(new UsageMeter('w0', 'run1', 0));

/** A source whose frames say by their data which they are: `cam v 1240`, the moment of the world's clock they show. */
export class Camera {
  readonly stream: LiveStreamImpl;
  readonly #options: Required<CameraOptions>;
  #nextPictureMs = 0;
  #nextSoundMs = 0;
  #wantsKey = false;
  #configured = false;
  on = true;

  constructor(name: string, options: CameraOptions = {}) {
    this.#options = {
      clockMs: 0,
      frameMs: 40,
      gopMs: 2000,
      soundMs: 20,
      pictures: true,
      soundLateMs: 0,
      ctsMs: 0,
      ...options,
    };
    const holder = {
      sessionId: `s-${name}`,
      channelId: 'ch1',
      accountId: 'acc1',
      play: { signedWith: null },
      worker: 'w0',
      protocol: 'rtmp' as const,
      startedAtMs: 0,
    };
    this.stream = new LiveStreamImpl({ name, holder, gopCacheBytes: 1 << 20, traffic, nowMs: 0 });
  }

  /** The next picture is a key frame. */
  wantKey(): void {
    this.#wantsKey = true;
  }

  /** Gives everything that is due. */
  run(nowMs: number): void {
    this.frames(nowMs, (frame) => this.stream.write(frame, nowMs));
  }

  /** What is due, in the source's own time. */
  frames(nowMs: number, give: (frame: Frame) => void): void {
    const { clockMs, frameMs, gopMs, soundMs, pictures, soundLateMs, ctsMs } = this.#options;
    const { name } = this.stream;
    if (!this.on) {
      this.#nextPictureMs = Math.ceil(nowMs / frameMs) * frameMs;
      if (soundMs !== null) this.#nextSoundMs = Math.ceil(nowMs / soundMs) * soundMs;
      return;
    }
    if (!this.#configured) {
      this.#configured = true;
      if (pictures) give(picture('config', 0, 0, `${name} avcC`));
      if (soundMs !== null) give(sound('config', 0, `${name} ASC`));
    }
    while (true) {
      const pictureMs = pictures ? this.#nextPictureMs : Infinity;
      const soundAtMs = soundMs === null ? Infinity : this.#nextSoundMs + soundLateMs;
      const dueMs = Math.min(pictureMs, soundAtMs);
      if (dueMs > nowMs) return;
      if (pictureMs === dueMs) {
        const type = this.#wantsKey || this.#nextPictureMs % gopMs === 0 ? 'key' : 'inter';
        this.#wantsKey = false;
        give(picture(type, clockMs + this.#nextPictureMs, ctsMs, `${name} v ${this.#nextPictureMs}`));
        this.#nextPictureMs += frameMs;
      } else {
        give(sound('key', clockMs + this.#nextSoundMs, `${name} a ${this.#nextSoundMs}`));
        this.#nextSoundMs += soundMs!;
      }
    }
  }
}

const picture = (type: VideoFrame['type'], dts: number, cts: number, data: string): VideoFrame => ({
  track: 'video',
  codec: 'h264',
  type,
  dts,
  cts,
  data: Buffer.from(data),
});

const sound = (type: 'config' | 'key', dts: number, data: string): AudioFrame => ({
  track: 'audio',
  codec: 'aac',
  type,
  dts,
  cts: 0,
  data: Buffer.from(data),
});

/** One frame as it was given out, and when. */
export interface Seen {
  frame: Frame;
  atMs: number;
  /** `cam`, and the moment it shows. */
  source: string;
  momentMs: number;
}

export function seen(frame: Frame, atMs: number): Seen {
  const [source = '', , moment = '0'] = frame.data.toString().split(' ');
  return { frame, atMs, source, momentMs: Number(moment) };
}

/** Largest step between two frames of a track, by what the receiver sees; and whether any goes back. */
export function steps(all: readonly Seen[], track: 'video' | 'audio'): { longestMs: number; goesBack: boolean } {
  const times = all
    .filter(({ frame }) => frame.track === track && frame.type !== 'config')
    .map(({ frame }) => frame.dts + frame.cts);
  let longestMs = 0;
  let goesBack = false;
  for (let i = 1; i < times.length; i++) {
    longestMs = Math.max(longestMs, times[i]! - times[i - 1]!);
    goesBack ||= times[i]! <= times[i - 1]!;
  }
  return { longestMs, goesBack };
}

/** By how much the sound of a source is off its picture, at most. */
export function lipSyncMs(all: readonly Seen[], source: string): number {
  const offsets = (track: 'video' | 'audio') =>
    all
      .filter((one) => one.source === source && one.frame.track === track && one.frame.type !== 'config')
      .map(({ frame, momentMs }) => frame.dts - momentMs);
  const pictures = offsets('video').slice(-5);
  return Math.max(
    ...offsets('audio')
      .slice(-5)
      .flatMap((offset) => pictures.map((one) => Math.abs(one - offset))),
  );
}
