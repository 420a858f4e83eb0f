import type { Frame } from '@lianmai/media';
import { flvFileHeader, writeFlvTag } from '@lianmai/media/flv';
import { type FanoutFormat, headFrames } from '../fanout/format.ts';
import type { StreamHeaders } from '../hub/sink.ts';
import { binaryFrameHeader } from '../websocket/frame.ts';

interface Tracks {
  audio: boolean;
  video: boolean;
}

const BOTH: Tracks = { audio: true, video: true };
const AUDIO: Tracks = { audio: true, video: false };
const VIDEO: Tracks = { audio: false, video: true };

/** FLV as HTTP carries it, and as WebSocket does: one binary message per merged write. */
export const FLV_FORMAT = flvFormat('flv', BOTH);
export const WS_FLV_FORMAT = flvFormat('ws-flv', BOTH, binaryFrameHeader);

const FORMATS = {
  flv: { both: FLV_FORMAT, audio: flvFormat('flv', AUDIO), video: flvFormat('flv', VIDEO) },
  'ws-flv': {
    both: WS_FLV_FORMAT,
    audio: flvFormat('ws-flv', AUDIO, binaryFrameHeader),
    video: flvFormat('ws-flv', VIDEO, binaryFrameHeader),
  },
};

/** The format a play URL asks for: `onlyAudio=1` and `onlyVideo=1` leave the other track out. */
export function flvFormatFor(protocol: 'flv' | 'ws-flv', url: string): FanoutFormat {
  const formats = FORMATS[protocol];
  if (!url.includes('only')) return formats.both;
  const query = new URLSearchParams(url.split('?', 2)[1]);
  if (query.get('onlyAudio') === '1') return formats.audio;
  return query.get('onlyVideo') === '1' ? formats.video : formats.both;
}

function flvFormat(protocol: 'flv' | 'ws-flv', wanted: Tracks, envelope?: (bytes: number) => Buffer): FanoutFormat {
  const carries = (frame: Frame) => frame.track === 'data' || wanted[frame.track];
  return {
    protocol,
    head(headers, gop) {
      const there = tracksOf(headers, gop);
      return Buffer.concat([
        flvFileHeader(there.audio && wanted.audio, there.video && wanted.video),
        ...headFrames(headers, gop).filter(carries).map(writeFlvTag),
      ]);
    },
    frame: (frame) => (carries(frame) ? writeFlvTag(frame) : null),
    ...(envelope ? { envelope } : {}),
  };
}

/**
 * For the file header's flags (FLV 10.1 E.2): a player that believes in a track which never comes waits for it. Known
 * from what came and from what the metadata announces; both while nothing is known.
 */
function tracksOf({ metadata, video, audio }: Readonly<StreamHeaders>, gop: readonly Frame[]): Tracks {
  const has = (track: keyof Tracks, key: string) =>
    (metadata?.data.includes(key) ?? false) || gop.some((frame) => frame.track === track);
  const found = {
    audio: audio !== null || has('audio', 'audiocodecid'),
    video: video !== null || has('video', 'videocodecid'),
  };
  return found.audio || found.video ? found : BOTH;
}
