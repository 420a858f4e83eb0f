/** The protocol version of everything written here: 9 brings EXT-X-SKIP, the newest tag in use. */
const VERSION = 9;

/** A piece of a segment that players may fetch before the segment is complete. */
export interface PlaylistPart {
  uri: string;
  durationMs: number;
  /** Decoding can begin with this part. */
  independent: boolean;
}

/** A segment, or the beginning of one. */
export interface PlaylistSegment {
  /** The initialization section that applies to it (EXT-X-MAP). */
  map: string;
  /** Codecs, tracks or timestamps break with what came before. */
  discontinuity: boolean;
  /** Wall clock at its start, Unix ms. */
  programDateTimeMs: number;
  /** Listed only near the live edge; empty further back. */
  parts: readonly PlaylistPart[];
}

export interface CompleteSegment extends PlaylistSegment {
  uri: string;
  durationMs: number;
}

/** What EXT-X-SERVER-CONTROL and EXT-X-PART-INF promise; the same through the life of a playlist. */
export interface PlaylistTiming {
  /** No segment is longer, rounded to the second. */
  targetDurationS: number;
  /** No part is longer. */
  partTargetMs: number;
  /** How far behind the end a player with parts should stay; at least three part targets. */
  partHoldBackMs: number;
  /** How far behind the end a player without parts should stay; at least three target durations. */
  holdBackMs: number;
  /** Segments further back are left out of delta updates; at least six target durations. */
  canSkipUntilMs: number;
}

/** Where another rendition of the same presentation is, for players that change over to it. */
export interface RenditionReport {
  uri: string;
  lastMsn: number;
  lastPart: number;
}

export interface MediaPlaylist {
  timing: PlaylistTiming;
  /** Media sequence number of the first segment. */
  mediaSequence: number;
  /** Discontinuities before the first segment, its own not counted. */
  discontinuitySequence: number;
  segments: readonly CompleteSegment[];
  /** The segment being made; null when it has no part yet. */
  open: PlaylistSegment | null;
  /** The next part's address; null when none will come. */
  preloadHint: string | null;
  renditionReports?: readonly RenditionReport[];
  ended: boolean;
}

export interface WriteOptions {
  /** Write a delta update if segments are far enough back to be left out (draft 6.2.5.1). Default false. */
  skip?: boolean;
}

/**
 * A live media playlist as text.
 * @see draft-pantos-hls-rfc8216bis 4.4.3 to 4.4.5.
 */
export function writeMediaPlaylist(playlist: MediaPlaylist, options: WriteOptions = {}): string {
  const { timing, segments, open, ended } = playlist;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${timing.targetDurationS}`,
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(timing.partHoldBackMs)},HOLD-BACK=${seconds(timing.holdBackMs)},CAN-SKIP-UNTIL=${seconds(timing.canSkipUntilMs)}`,
    `#EXT-X-PART-INF:PART-TARGET=${seconds(timing.partTargetMs)}`,
    `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`,
  ];
  const skipped = options.skip && !ended ? skippable(playlist) : 0;
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  // A player has the map of the segments left out, so only a change of it is written after them.
  let map = skipped > 0 ? segments[skipped - 1]!.map : null;
  for (let i = skipped; i < segments.length; i++) {
    const segment = segments[i]!;
    pushHead(lines, segment, map);
    map = segment.map;
    lines.push(`#EXTINF:${seconds(segment.durationMs)},`, segment.uri);
  }
  if (open !== null) pushHead(lines, open, map);
  if (ended) lines.push('#EXT-X-ENDLIST');
  else pushEdge(lines, playlist);
  lines.push('');
  return lines.join('\n');
}

/** Segments that lie wholly before the skip boundary, counted from the end of the last segment, complete or not. */
function skippable({ timing, segments, open }: MediaPlaylist): number {
  let behindMs = open === null ? 0 : open.parts.reduce((sum, part) => sum + part.durationMs, 0);
  let i = segments.length;
  while (i > 0 && behindMs <= timing.canSkipUntilMs) behindMs += segments[--i]!.durationMs;
  return i;
}

function pushHead(lines: string[], segment: PlaylistSegment, map: string | null): void {
  if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
  if (segment.map !== map) lines.push(`#EXT-X-MAP:URI="${segment.map}"`);
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.programDateTimeMs).toISOString()}`);
  for (const part of segment.parts)
    lines.push(
      `#EXT-X-PART:DURATION=${seconds(part.durationMs)},URI="${part.uri}"${part.independent ? ',INDEPENDENT=YES' : ''}`,
    );
}

function pushEdge(lines: string[], { preloadHint, renditionReports = [] }: MediaPlaylist): void {
  if (preloadHint !== null) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${preloadHint}"`);
  for (const { uri, lastMsn, lastPart } of renditionReports)
    lines.push(`#EXT-X-RENDITION-REPORT:URI="${uri}",LAST-MSN=${lastMsn},LAST-PART=${lastPart}`);
}

/** Decimal seconds, to the hundredth of a millisecond, without idle zeros. */
function seconds(ms: number): string {
  return String(Math.round(ms * 100) / 100_000);
}
