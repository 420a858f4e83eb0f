import type { IngestProtocol, PlayProtocol } from '@lianmai/contract';
import type { AudioCodec, Frame, VideoCodec } from '@lianmai/media';
import type { LiveStream } from '../hub/sink.ts';
import { BOTH_TRACKS, type MediaTrack } from './described.ts';

/** What a stream is turned into for players that cannot take it as it is; null: the track stays. */
export interface Conversion {
  /** Without B-frames, Constrained Baseline. */
  video: 'h264' | null;
  /** Stereo, 48 kHz. */
  audio: 'aac' | 'opus' | null;
}

/** A stream as far as it decides who can play it. */
export interface StreamNature {
  ingest: IngestProtocol;
  video: VideoCodec | null;
  audio: AudioCodec | null;
  /** Pictures are not shown in the order they are decoded. */
  reordered: boolean;
}

/** Looks at configurations and the frames at hand. */
export function natureOf({ ingest, headers, gop }: Pick<LiveStream, 'ingest' | 'headers' | 'gop'>): StreamNature {
  const picture = gop.find(({ track }) => track === 'video') ?? headers.video;
  const sound = headers.audio ?? gop.find(({ track }) => track === 'audio');
  return {
    ingest,
    video: picture?.track === 'video' ? picture.codec : null,
    audio: sound?.track === 'audio' ? sound.codec : null,
    reordered: gop.some(isReordered),
  };
}

/** With B-frames even key frames are shown later than decoded (ISO 14496-12 8.6.1.3). */
const isReordered = (frame: Frame) => frame.track === 'video' && frame.type !== 'config' && frame.cts !== 0;

/**
 * What a protocol's players need; null when they take the stream as it is.
 *
 * WebRTC carries H.264 without B-frames, VP8 and Opus (RFC 7742, RFC 7874). RTMP, FLV and HLS players are sure to take H.264 and
 * AAC only, so that is what they get of a stream that a browser published. An encoder that pushes something newer by enhanced RTMP
 * means it: that is passed on.
 * @param wanted a track that the player leaves out is never converted for it.
 */
export function needsOf(
  protocol: PlayProtocol,
  nature: StreamNature,
  wanted: readonly MediaTrack[] = BOTH_TRACKS,
): Conversion | null {
  const { ingest, reordered } = nature;
  const video = wanted.includes('video') ? nature.video : null;
  const audio = wanted.includes('audio') ? nature.audio : null;
  const needs: Conversion = { video: null, audio: null };
  if (protocol === 'whep') {
    if (video !== null && video !== 'vp8' && (video !== 'h264' || reordered)) needs.video = 'h264';
    if (audio !== null && audio !== 'opus') needs.audio = 'opus';
  } else if (ingest === 'whip') {
    if (video !== null && video !== 'h264') needs.video = 'h264';
    if (audio === 'opus') needs.audio = 'aac';
  }
  return needs.video === null && needs.audio === null ? null : needs;
}

/** Whether a stream of this origin can need anything at all for this protocol: else it need not be looked at. */
export function mayNeed(protocol: PlayProtocol, ingest: IngestProtocol): boolean {
  return protocol === 'whep' || ingest === 'whip';
}

/** How a converted stream is asked for over a relay: `show?video=h264&audio=opus`. */
export function variantName(stream: string, { video, audio }: Conversion): string {
  return `${stream}?${new URLSearchParams({ ...(video && { video }), ...(audio && { audio }) })}`;
}

/** Reads {@link variantName}; null when it is none. */
export function parseVariantName(name: string): { stream: string; conversion: Conversion } | null {
  const [stream, query] = name.split('?', 2);
  if (!stream || query === undefined) return null;
  const asked = new URLSearchParams(query);
  const audio = asked.get('audio');
  const video = asked.get('video');
  if ((audio !== null && audio !== 'aac' && audio !== 'opus') || (video !== null && video !== 'h264')) return null;
  return audio === null && video === null ? null : { stream, conversion: { video, audio } };
}
