/** The lines of a session description (RFC 8866), before anybody asks what they mean. */
import { WireError } from '../result.ts';

/** Browsers' offers have 2 to 12 kB and up to 300 lines. */
const LONGEST_DESCRIPTION = 64 << 10;
const MOST_LINES = 2000;
const LONGEST_LINE = 2048;

export interface SdpAttribute {
  name: string;
  /** Behind the colon; empty for flags. */
  value: string;
  /** Of its line, for errors. */
  offset: number;
}

export interface SdpMedia {
  kind: string;
  port: number;
  protocol: string;
  formats: readonly string[];
  attributes: readonly SdpAttribute[];
  offset: number;
}

export interface SdpSections {
  /** Of the session; they hold for media that do not say otherwise. */
  attributes: readonly SdpAttribute[];
  media: readonly SdpMedia[];
}

/** Reads lines and m= sections; refuses what no honest client sends, by size and by control characters. */
export function parseSections(text: string): SdpSections | WireError {
  if (text.length > LONGEST_DESCRIPTION)
    return new WireError(`a session description of at most ${LONGEST_DESCRIPTION} characters`, String(text.length));
  if (!text.startsWith('v=0')) return new WireError('a session description beginning "v=0"', shown(text));
  const attributes: SdpAttribute[] = [];
  const media: (SdpMedia & { attributes: SdpAttribute[] })[] = [];
  let offset = 0;
  let lines = 0;
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const at = offset;
    offset += raw.length + 1;
    if (line === '') continue;
    if (++lines > MOST_LINES) return new WireError(`at most ${MOST_LINES} lines`, 'more', at);
    if (line.length > LONGEST_LINE)
      return new WireError(`lines of at most ${LONGEST_LINE} characters`, shown(line), at);
    if (!/^[a-z]=[^\p{Cc}]*$/u.test(line)) return new WireError('a line like "a=mid:0"', shown(line), at);
    if (line.startsWith('m=')) {
      const section = parseMediaLine(line, at);
      if (section instanceof WireError) return section;
      media.push(section);
    } else if (line.startsWith('a=')) {
      const [, name = '', value = ''] = /^a=([^:]*):?(.*)$/su.exec(line) ?? [];
      (media.at(-1)?.attributes ?? attributes).push({ name, value, offset: at });
    }
  }
  return { attributes, media };
}

function parseMediaLine(line: string, offset: number): (SdpMedia & { attributes: SdpAttribute[] }) | WireError {
  const match = /^m=([a-z]{1,20}) (\d{1,5})(?:\/\d+)? ([A-Za-z/]{1,40})((?: [A-Za-z0-9_.-]{1,40})+)$/.exec(line);
  if (!match) return new WireError('a line like "m=video 9 UDP/TLS/RTP/SAVPF 96"', shown(line), offset);
  const [, kind = '', port = '', protocol = '', formats = ''] = match;
  return { kind, port: Number(port), protocol, formats: formats.trim().split(' '), attributes: [], offset };
}

/** A quote for an error message: short, in one line. */
export function shown(text: string): string {
  const line = text.slice(0, 60).replace(/[^\x20-\x7e]+/g, ' ');
  return `"${line}${text.length > 60 ? '…' : ''}"`;
}
