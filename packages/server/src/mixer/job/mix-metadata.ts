import type { MixOutput } from '@lianmai/contract';
import type { DataFrame } from '@lianmai/media';
import { AmfEcmaArray, type AmfValue, emptyAmfObject, encodeAmf0 } from '@lianmai/media/amf';
import type { Size } from '../layout/tile.ts';
import { SAMPLE_RATE } from '../sound/planes.ts';

/** FLV 10.1 E.4.3.1, E.4.2.1. */
const H264 = 7;
const AAC = 10;
const TRACKS = { videocodecid: H264, audiocodecid: AAC };
const SAMPLE_BITS = 16;

/** What RTMP and FLV players are told of a mix that is composed: `onMetaData` (FLV 10.1 E.5). */
export function metadataOf({ width, height }: Size, { fps, videoKbps, audioKbps }: MixOutput): DataFrame {
  return onMetaData({
    ...{ width, height, framerate: fps, videodatarate: videoKbps, audiodatarate: audioKbps },
    ...{ audiosamplerate: SAMPLE_RATE, audiosamplesize: SAMPLE_BITS, stereo: true },
  });
}

/** … and of one that is passed on and tells nothing of itself: what was told of the mix before holds no longer. */
export const TRACKS_ALONE: DataFrame = onMetaData({});

function onMetaData(properties: Record<string, AmfValue>): DataFrame {
  const data = encodeAmf0(['onMetaData', new AmfEcmaArray(Object.assign(emptyAmfObject(), properties, TRACKS))]);
  return { track: 'data', codec: 'amf0', type: 'config', dts: 0, cts: 0, data };
}
