/** As much of a media playlist as tests look at. */
export interface Listed {
  mediaSequence: number;
  targetDuration: number;
  ended: boolean;
  hint: string | null;
  discontinuities: number;
  segments: { uri: string; msn: number; duration: number; map: string; parts: string[] }[];
  /** Parts of the segment being made. */
  openParts: string[];
}

export function parsePlaylist(text: string): Listed {
  const lines = text.trimEnd().split('\n');
  const value = (tag: string) => lines.find((line) => line.startsWith(`#${tag}:`))?.slice(tag.length + 2);
  const uri = (line: string) => /URI="([^"]*)"/.exec(line)?.[1] ?? '';
  const mediaSequence = Number(value('EXT-X-MEDIA-SEQUENCE'));
  const hint = value('EXT-X-PRELOAD-HINT');
  const listed: Listed = {
    mediaSequence,
    targetDuration: Number(value('EXT-X-TARGETDURATION')),
    ended: lines.includes('#EXT-X-ENDLIST'),
    hint: hint === undefined ? null : uri(hint),
    discontinuities: lines.filter((line) => line === '#EXT-X-DISCONTINUITY').length,
    segments: [],
    openParts: [],
  };
  let duration = 0;
  let map = '';
  for (const line of lines) {
    if (line.startsWith('#EXT-X-PART:')) listed.openParts.push(uri(line));
    else if (line.startsWith('#EXT-X-MAP:')) map = uri(line);
    else if (line.startsWith('#EXTINF:')) duration = Number.parseFloat(line.slice(8));
    else if (!line.startsWith('#')) {
      const msn = mediaSequence + listed.segments.length;
      listed.segments.push({ uri: line, msn, duration, map, parts: listed.openParts });
      listed.openParts = [];
    }
  }
  return listed;
}
