import type { mpegts } from './mpegts.ts';

type Kind = 'audio' | 'video';

/** What is used of the library's own, as version 1.8 has it: none of it is in its types. */
interface Inside {
  _player_engine?: { _transmuxer?: { _controller?: { _demuxer?: Demuxer; _remuxer?: Remuxer } } };
}
interface Demuxer {
  _audioTrack: Track;
  _videoTrack: Track;
  onTrackMetadata: (kind: Kind, metadata: unknown) => void;
}
interface Track {
  samples: unknown[];
}
interface Remuxer {
  _remuxAudio(track: Track, force: boolean): void;
  _remuxVideo(track: Track, force: boolean): void;
  flushStashedSamples(): void;
  insertDiscontinuity(): void;
}

/**
 * Mends the seam where a stream goes over to another source with other codec headers. The library holds the last sample
 * back until the next one tells how long it is, and so sends it behind the new headers, where the browser drops it: no
 * key frame. That hole stops the picture for seconds. Here what is held back goes out before the headers.
 * @returns false while the library has not begun to read: to be called again.
 */
export function mendSeams(player: ReturnType<typeof mpegts.createPlayer>): boolean {
  const { _demuxer: demuxer, _remuxer: remuxer } = (player as Inside)._player_engine?._transmuxer?._controller ?? {};
  if (!demuxer || !remuxer) return false;
  const announce = demuxer.onTrackMetadata;
  demuxer.onTrackMetadata = (kind, metadata) => {
    if (demuxer._videoTrack.samples.length > 0) remuxer._remuxVideo(demuxer._videoTrack, true);
    if (demuxer._audioTrack.samples.length > 0) remuxer._remuxAudio(demuxer._audioTrack, true);
    remuxer.flushStashedSamples();
    // How long the last sample is was a guess: the next one begins by its own time, or sound and picture drift apart.
    remuxer.insertDiscontinuity();
    announce(kind, metadata);
  };
  return true;
}
