import type { AudioInfo, VideoInfo } from '../codec/info.ts';
import type { AudioFrame, VideoFrame } from '../frame.ts';
import { box, fullBox, text, u8, u16, u32, zeros } from './box.ts';
import { audioSampleEntry, videoSampleEntry } from './sample-entry.ts';

/** Track ids in every file made here. */
export const VIDEO_TRACK_ID = 1;
export const AUDIO_TRACK_ID = 2;
/** Ticks per second of video tracks; an audio track's are its sample rate. */
export const VIDEO_TIMESCALE = 90_000;

export interface InitOptions {
  /** The stream's configuration frame (VP9 and VP8 without one: a key frame) and what `describeVideo` said of it. */
  video?: { config: VideoFrame; info: VideoInfo };
  /** The configuration frame (MP3: any frame) and what `describeAudio` said of it. */
  audio?: { config: AudioFrame; info: AudioInfo };
}

/** ISO 14496-12 8.2.2: identity, in 16.16 and 2.30 fixed point. */
const MATRIX = u32(0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000);
const UNDETERMINED_LANGUAGE = 0x55c4;

/**
 * The initialization segment of fragmented MP4: ftyp and a moov without samples, with the tracks given
 * ({@link VIDEO_TRACK_ID}, {@link AUDIO_TRACK_ID}). Duration is unknown (live), there is no edit list: a frame is shown at
 * its decode time plus its composition offset.
 * @see ISO 14496-12 8.2, 8.8; ISO 23000-19 7.3.1.
 */
export function initSegment(options: InitOptions): Buffer {
  const { video, audio } = options;
  const tracks: Buffer[] = [];
  const extensions: Buffer[] = [];
  if (video !== undefined) {
    tracks.push(videoTrack(video.config, video.info));
    extensions.push(trackExtends(VIDEO_TRACK_ID));
  }
  if (audio !== undefined) {
    tracks.push(audioTrack(audio.config.data, audio.info));
    extensions.push(trackExtends(AUDIO_TRACK_ID));
  }
  return Buffer.concat([
    box('ftyp', text('iso6'), u32(0), text('iso6'), text('cmfc'), text('mp41')),
    box('moov', movieHeader(), ...tracks, box('mvex', ...extensions)),
  ]);
}

function movieHeader(): Buffer {
  return fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, 1000, 0, 0x00010000),
    u16(0x0100),
    zeros(10),
    MATRIX,
    zeros(24),
    u32(AUDIO_TRACK_ID + 1),
  );
}

function videoTrack(config: VideoFrame, info: VideoInfo): Buffer {
  const aspect = info.pixelAspect;
  const shownWidth = aspect === undefined ? info.width : Math.round((info.width * aspect.width) / aspect.height);
  return box(
    'trak',
    trackHeader(VIDEO_TRACK_ID, 0, Math.min(shownWidth, 0xffff), info.height),
    media('vide', VIDEO_TIMESCALE, fullBox('vmhd', 0, 1, zeros(8)), videoSampleEntry(config, info)),
  );
}

function audioTrack(config: Buffer, info: AudioInfo): Buffer {
  return box(
    'trak',
    trackHeader(AUDIO_TRACK_ID, 0x0100, 0, 0),
    media('soun', info.sampleRate, fullBox('smhd', 0, 0, zeros(4)), audioSampleEntry(config, info)),
  );
}

/** Flags: enabled, in movie, in preview. Both tracks are of alternate group 0: they are played together. */
function trackHeader(trackId: number, volume: number, width: number, height: number): Buffer {
  return fullBox(
    'tkhd',
    0,
    7,
    u32(0, 0, trackId, 0, 0),
    zeros(8),
    u16(0, 0, volume, 0),
    MATRIX,
    u16(width, 0, height, 0),
  );
}

function media(handler: 'vide' | 'soun', timescale: number, mediaHeader: Buffer, sampleEntry: Buffer): Buffer {
  const sampleTable = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), sampleEntry),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );
  // Flag 1 of the url box: the samples are in this very file.
  const dataInformation = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  return box(
    'mdia',
    fullBox('mdhd', 0, 0, u32(0, 0, timescale, 0), u16(UNDETERMINED_LANGUAGE, 0)),
    fullBox('hdlr', 0, 0, u32(0), text(handler), zeros(12), u8(0)),
    box('minf', mediaHeader, dataInformation, sampleTable),
  );
}

/** ISO 14496-12 8.8.3: nothing by default but the one sample description; fragments say the rest. */
function trackExtends(trackId: number): Buffer {
  return fullBox('trex', 0, 0, u32(trackId, 1, 0, 0, 0));
}
