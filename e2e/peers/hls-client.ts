import { PATIENT_MS, until } from '../until.ts';

export interface MediaPlaylist {
  text: string;
  url: string;
  mediaSequence: number;
  targetDuration: number;
  partTarget: number | null;
  endList: boolean;
  init: string | null;
  segments: { url: string; duration: number; msn: number; programDateTime: string | null; parts: Part[] }[];
  /** Parts of the segment that is still being made. */
  openParts: Part[];
  preloadHint: string | null;
  serverControl: Record<string, string>;
}

export interface Part {
  url: string;
  duration: number;
  independent: boolean;
}

/** Reads a multivariant playlist and resolves with its first media playlist's address and its attributes. */
export async function openMaster(
  url: string,
): Promise<{ text: string; mediaUrl: string; attributes: Record<string, string> }> {
  const text = await get(url);
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF:'));
  const uri = lines[at + 1];
  if (at < 0 || !uri) throw new Error(`${url} lists no variant:\n${text}`);
  return { text, mediaUrl: new URL(uri, url).href, attributes: attributesOf(lines[at] ?? '') };
}

export async function readMedia(url: string, query: Record<string, string> = {}): Promise<MediaPlaylist> {
  const address = new URL(url);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return parse(await get(address.href), address.href);
}

/** Reads the media playlist until the test accepts it. */
export function mediaPlaylist(
  url: string,
  what: string,
  accept: (playlist: MediaPlaylist) => boolean,
  timeoutMs = PATIENT_MS,
): Promise<MediaPlaylist> {
  return until(
    `a playlist with ${what}`,
    async () => {
      const playlist = await readMedia(url);
      return accept(playlist) ? playlist : null;
    },
    timeoutMs,
  );
}

/** The init section and all whole segments, joined into one playable file. */
export async function download(playlist: MediaPlaylist): Promise<Buffer> {
  const urls = [playlist.init, ...playlist.segments.map(({ url }) => url)].filter((url) => url !== null);
  return Buffer.concat(await Promise.all(urls.map(getBytes)));
}

export async function getBytes(url: string): Promise<Buffer> {
  const response = await fetch(url);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${url} was answered ${response.status} ${bytes}`);
  return bytes;
}

async function get(url: string): Promise<string> {
  return (await getBytes(url)).toString();
}

function parse(text: string, url: string): MediaPlaylist {
  const playlist: MediaPlaylist = {
    text,
    url,
    mediaSequence: 0,
    targetDuration: 0,
    partTarget: null,
    endList: false,
    init: null,
    segments: [],
    openParts: [],
    preloadHint: null,
    serverControl: {},
  };
  let duration = 0;
  let programDateTime: string | null = null;
  let skipped = 0;
  const absolute = (uri: string | undefined) => new URL(uri ?? '', url).href;
  for (const line of text.split('\n')) {
    const value = line.slice(line.indexOf(':') + 1);
    const attributes = attributesOf(line);
    if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) playlist.mediaSequence = Number(value);
    else if (line.startsWith('#EXT-X-TARGETDURATION:')) playlist.targetDuration = Number(value);
    else if (line.startsWith('#EXT-X-PART-INF:')) playlist.partTarget = Number(attributes['PART-TARGET']);
    else if (line.startsWith('#EXT-X-SERVER-CONTROL:')) playlist.serverControl = attributes;
    else if (line.startsWith('#EXT-X-SKIP:')) skipped = Number(attributes['SKIPPED-SEGMENTS']);
    else if (line.startsWith('#EXT-X-MAP:')) playlist.init = absolute(attributes['URI']);
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) programDateTime = value;
    else if (line.startsWith('#EXTINF:')) duration = Number.parseFloat(value);
    else if (line.startsWith('#EXT-X-PRELOAD-HINT:')) playlist.preloadHint = absolute(attributes['URI']);
    else if (line === '#EXT-X-ENDLIST') playlist.endList = true;
    else if (line.startsWith('#EXT-X-PART:'))
      playlist.openParts.push({
        url: absolute(attributes['URI']),
        duration: Number(attributes['DURATION']),
        independent: attributes['INDEPENDENT'] === 'YES',
      });
    else if (line !== '' && !line.startsWith('#')) {
      const msn = playlist.mediaSequence + skipped + playlist.segments.length;
      playlist.segments.push({ url: absolute(line), duration, msn, programDateTime, parts: playlist.openParts });
      playlist.openParts = [];
      programDateTime = null;
    }
  }
  return playlist;
}

/** `NAME=value` and `NAME="value"` of a tag. */
function attributesOf(line: string): Record<string, string> {
  return Object.fromEntries(
    [...line.slice(line.indexOf(':') + 1).matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g)].map(
      ([, name = '', quoted, plain]) => [name, quoted ?? plain ?? ''],
    ),
  );
}
