import type { LiveStream, StreamSink } from '../hub/sink.ts';

/** A stream that is older has told its tracks, or has no others. */
const SETTLE_MS = 800;
/** So long a stream is waited for that sends nothing. */
const LONGEST_WAIT_MS = 4000;

/** Whether it is known what the stream consists of. */
export function isDescribed({ headers, gop, gopMs }: Pick<LiveStream, 'headers' | 'gop' | 'gopMs'>): boolean {
  const comes = (track: 'video' | 'audio') => gop.some((frame) => frame.track === track);
  // A configuration alone does not tell whether pictures are reordered.
  if (comes('video') && (headers.audio !== null || comes('audio'))) return true;
  const first = gop.at(0);
  const last = gop.at(-1);
  return gopMs > 0 || (first !== undefined && last !== undefined && last.dts - first.dts >= SETTLE_MS);
}

/** Resolves when it is known, or nothing more comes. */
export function whenDescribed(stream: LiveStream): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(done, LONGEST_WAIT_MS);
    let settling = false;
    const sink: StreamSink = {
      frame() {
        if (isDescribed(stream)) return done();
        if (settling) return;
        settling = true;
        clearTimeout(timer);
        timer = setTimeout(done, SETTLE_MS);
      },
      ended: () => done(),
    };
    function done() {
      clearTimeout(timer);
      stream.detach(sink);
      resolve();
    }
    stream.attach(sink);
  });
}
