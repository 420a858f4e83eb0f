/** One way to play a presentation: its media playlist and what a player must know before it fetches it. */
export interface Variant {
  uri: string;
  /** Peak over any segment, bits per second. */
  bandwidth: number;
  averageBandwidth?: number;
  /** RFC 6381, one string per track. */
  codecs: readonly string[];
  /** Missing for audio alone. */
  resolution?: { width: number; height: number };
  frameRate?: number;
}

/**
 * A multivariant playlist as text.
 * @see draft-pantos-hls-rfc8216bis 4.4.6.2.
 */
export function writeMultivariantPlaylist(variants: readonly Variant[]): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:9'];
  for (const variant of variants) lines.push(`#EXT-X-STREAM-INF:${attributes(variant)}`, variant.uri);
  lines.push('');
  return lines.join('\n');
}

function attributes({ bandwidth, averageBandwidth, codecs, resolution, frameRate }: Variant): string {
  const list = [`BANDWIDTH=${Math.ceil(bandwidth)}`];
  if (averageBandwidth !== undefined) list.push(`AVERAGE-BANDWIDTH=${Math.ceil(averageBandwidth)}`);
  if (codecs.length > 0) list.push(`CODECS="${codecs.join(',')}"`);
  if (resolution) list.push(`RESOLUTION=${resolution.width}x${resolution.height}`);
  if (frameRate !== undefined) list.push(`FRAME-RATE=${frameRate.toFixed(3)}`);
  return list.join(',');
}
