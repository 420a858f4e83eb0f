import type { AudioCodec, VideoCodec } from '@lianmai/contract';
import type { Capabilities } from './capabilities.ts';
import { ENGINES, type EngineId, type Problem, type StreamCodecs } from './player.ts';

/** Why an engine is out of the question. */
export type Obstacle =
  | { kind: 'no-media-source' | 'no-streaming-fetch' | 'no-web-socket' | 'no-native-hls' | 'no-web-rtc' }
  | { kind: 'codec'; codec: VideoCodec | AudioCodec };

export type Verdict = { engine: EngineId; obstacle: Obstacle | null };

export type Choice = { engine: EngineId; problem: null } | { engine: null; problem: Problem };

/**
 * Types that tell whether a codec can be decoded; one of them is enough. Main profiles of a middle level: what a
 * browser has of a codec it has up to there (RFC 6381 3.3, ISO 14496-15 annex E, AV1-ISOBMFF 5).
 */
const PROBES: Record<VideoCodec | AudioCodec, readonly string[]> = {
  h264: ['video/mp4; codecs="avc1.42E01E"', 'video/mp4; codecs="avc1.64001F"'],
  h265: ['video/mp4; codecs="hvc1.1.6.L93.B0"', 'video/mp4; codecs="hev1.1.6.L93.B0"'],
  av1: ['video/mp4; codecs="av01.0.05M.08"'],
  vp9: ['video/mp4; codecs="vp09.00.31.08"'],
  vp8: ['video/webm; codecs="vp8"'],
  aac: ['audio/mp4; codecs="mp4a.40.2"'],
  // Chromium takes MP3 as a bare elementary stream, Firefox in MP4.
  mp3: ['audio/mpeg', 'audio/mp4; codecs="mp3"', 'audio/mp4; codecs="mp4a.40.34"'],
  opus: ['audio/mp4; codecs="opus"', 'audio/mp4; codecs="Opus"'],
};

/** What the format and its library carry, whatever the browser decodes. */
const CARRIES: Record<EngineId, ReadonlySet<VideoCodec | AudioCodec>> = {
  // Sound is Opus there, whatever it was: the server sees to it.
  whep: new Set(['h264', 'vp8', 'aac', 'mp3', 'opus']),
  flv: new Set(['h264', 'h265', 'av1', 'aac', 'mp3', 'opus']),
  'ws-flv': new Set(['h264', 'h265', 'av1', 'aac', 'mp3', 'opus']),
  hls: new Set(['h264', 'h265', 'av1', 'vp9', 'aac', 'mp3', 'opus']),
  native: new Set(['h264', 'h265', 'av1', 'vp9', 'aac', 'mp3', 'opus']),
};

/**
 * Lowest delay first, where it costs nothing: a stream made for WebRTC is played by it, others by what waits for late
 * packets. On iPhones the browser's own player comes first: it is what keeps sound in the background, AirPlay and the
 * battery.
 */
function preference(browser: Capabilities, codecs: StreamCodecs | null): readonly EngineId[] {
  if (browser.mediaSource === 'managed') return ['native', 'flv', 'hls', 'ws-flv', 'whep'];
  const madeForRtc = codecs?.audio === 'opus' && (codecs.video === 'h264' || codecs.video === 'vp8');
  return madeForRtc ? ['whep', 'flv', 'ws-flv', 'hls', 'native'] : ['flv', 'ws-flv', 'hls', 'native', 'whep'];
}

/** Whether one engine can play these codecs here, and if not, why. Unknown codecs (null) are not held against it. */
export function judge(engine: EngineId, browser: Capabilities, codecs: StreamCodecs | null): Verdict {
  const bar = (obstacle: Obstacle): Verdict => ({ engine, obstacle });
  if (engine === 'whep') {
    if (!browser.webRtc) return bar({ kind: 'no-web-rtc' });
  } else if (engine === 'native') {
    if (!browser.nativeHls) return bar({ kind: 'no-native-hls' });
  } else {
    if (browser.mediaSource === 'none') return bar({ kind: 'no-media-source' });
    if (engine === 'flv' && !browser.streamingFetch) return bar({ kind: 'no-streaming-fetch' });
    if (engine === 'ws-flv' && !browser.webSocket) return bar({ kind: 'no-web-socket' });
  }
  for (const codec of [codecs?.video, codecs?.audio]) {
    if (!codec) continue;
    if (!CARRIES[engine].has(codec) || !decodes(engine, browser, codec)) return bar({ kind: 'codec', codec });
  }
  return { engine, obstacle: null };
}

function decodes(engine: EngineId, browser: Capabilities, codec: VideoCodec | AudioCodec): boolean {
  if (engine === 'native') return PROBES[codec].some(browser.decodesNatively);
  if (engine !== 'whep') return PROBES[codec].some(browser.decodes);
  // Every WebRTC browser has Opus, and no other sound comes by it.
  return codec !== 'h264' && codec !== 'vp8' ? true : browser.decodesByRtc(`video/${codec}`);
}

/** All engines, judged, in the order they would be tried. */
export function judgeAll(browser: Capabilities, codecs: StreamCodecs | null): Verdict[] {
  return preference(browser, codecs).map((engine) => judge(engine, browser, codecs));
}

/**
 * The engine to play with.
 * @param wish the viewer's choice is taken whenever it can work, even when it failed before.
 * @param failed engines that were tried and could not; left out unless nothing else is there to try.
 */
export function choose(
  browser: Capabilities,
  codecs: StreamCodecs | null,
  wish: EngineId | 'auto',
  failed: ReadonlySet<EngineId>,
): Choice {
  const verdicts = judgeAll(browser, codecs);
  const usable = verdicts.filter((verdict) => verdict.obstacle === null).map((verdict) => verdict.engine);
  if (wish !== 'auto' && usable.includes(wish)) return { engine: wish, problem: null };
  const engine = usable.find((id) => !failed.has(id)) ?? usable[0];
  if (engine !== undefined) return { engine, problem: null };
  for (const { obstacle } of verdicts) {
    if (obstacle?.kind === 'codec') return { engine: null, problem: { reason: 'codec', detail: obstacle.codec } };
  }
  return { engine: null, problem: { reason: 'unsupported', detail: 'no media source and no native HLS' } };
}

/** An engine's name from an address's `?player=`; anything else is `auto`. */
export function parseWish(text: string | null): EngineId | 'auto' {
  return ENGINES.find((engine) => engine === text) ?? 'auto';
}
