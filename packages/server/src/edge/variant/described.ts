import type { DataFrame } from '@lianmai/media';
import type { LiveStream, StreamSink } from '../hub/sink.ts';

export type MediaTrack = 'audio' | 'video';

export const BOTH_TRACKS: readonly MediaTrack[] = ['audio', 'video'];
/** A stream that is older has told its tracks, or has no others. */
const SETTLE_MS = 800;
/** So long is waited for what the publisher says it will send, or for anything at all. */
const LONGEST_WAIT_MS = 6000;

/** Whether it is known what the stream consists of, as far as these tracks are concerned. */
export function isDescribed(
  stream: Pick<LiveStream, 'headers' | 'gop' | 'gopMs'>,
  wanted: readonly MediaTrack[] = BOTH_TRACKS,
): boolean {
  const missing = missingTracks(stream, wanted);
  if (missing.length === 0) return true;
  if (missing.some((track) => announces(stream.headers.metadata, track))) return false;
  const first = stream.gop.at(0);
  const last = stream.gop.at(-1);
  return stream.gopMs > 0 || (first !== undefined && last !== undefined && last.dts - first.dts >= SETTLE_MS);
}

/** Resolves when it is known, or nothing more comes. */
export function whenDescribed(stream: LiveStream, wanted: readonly MediaTrack[] = BOTH_TRACKS): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(done, LONGEST_WAIT_MS);
    let settling = false;
    const sink: StreamSink = {
      frame({ type }) {
        if (isDescribed(stream, wanted)) return done();
        // Metadata comes before all media and says what to wait for.
        if (settling || type === 'config') return;
        if (missingTracks(stream, wanted).some((track) => announces(stream.headers.metadata, track))) return;
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

/** A video configuration alone does not tell whether pictures are reordered. */
function missingTracks({ headers, gop }: Pick<LiveStream, 'headers' | 'gop'>, wanted: readonly MediaTrack[]) {
  const comes = (track: MediaTrack) => gop.some((frame) => frame.track === track);
  return wanted.filter((track) => !comes(track) && (track === 'video' || headers.audio === null));
}

/** Whether the stream's metadata (FLV 10.1 E.5) says that it has this track. */
const announces = (metadata: DataFrame | null, track: MediaTrack) =>
  metadata?.data.includes(`${track}codecid`) ?? false;
