import { LiveError } from '@lianmai/contract';
import { type Frame, type VideoFrame, WireError } from '@lianmai/media';
import { parseAvcConfig } from '@lianmai/media/codec';
import { type ChosenMedia, chooseAudio, chooseVideoToSend, type Offer } from '@lianmai/media/sdp';
import type { LiveStream } from '../hub/sink.ts';
import type { MediaTrack } from '../variant/described.ts';
import { hasReordering } from './whep-fanout.ts';

/** What of a stream WebRTC can carry as it is. */
export interface PlayableTracks {
  video: { codec: 'h264' | 'vp8'; profile: number | null } | null;
  audio: boolean;
  /** There is no sound, but it may come: the client is asked to be ready for it. */
  mayGainAudio?: boolean;
  /** Why a track is missing, for the client. */
  left: string[];
}

/** Looks at configurations and the frames at hand. */
export function playableTracks({
  headers,
  gop,
  mayGainTracks = false,
}: Pick<LiveStream, 'headers' | 'gop' | 'mayGainTracks'>): PlayableTracks {
  const left: string[] = [];
  const picture = gop.find((frame): frame is VideoFrame => frame.track === 'video');
  const codec = headers.video?.codec ?? picture?.codec ?? null;
  let video: PlayableTracks['video'] = null;
  if (gop.some((frame) => frame.track === 'video' && hasReordering(frame)))
    left.push('its video has B-frames, which WebRTC cannot show: encode with bframes=0 (tune zerolatency)');
  else if (codec === 'vp8') video = { codec, profile: null };
  else if (codec === 'h264') video = { codec, profile: profileOf(headers.video) };
  else if (codec !== null) left.push(`its video is ${codec}, WebRTC carries h264 and vp8`);
  const sound = headers.audio?.codec ?? gop.find((frame) => frame.track === 'audio')?.codec ?? null;
  if (sound !== null && sound !== 'opus') left.push(`its audio is ${sound}, WebRTC carries opus`);
  return { video, audio: sound === 'opus', mayGainAudio: sound === null && mayGainTracks, left };
}

function profileOf(config: Frame | null): number | null {
  const read = config ? parseAvcConfig(config.data) : null;
  return read === null || read instanceof WireError ? null : read.profile;
}

/** The sections of the offer that want to receive something. */
const wantedMedia = ({ media }: Offer) =>
  media.filter(({ rejected, direction }) => !rejected && /^(recvonly|sendrecv)$/.test(direction));

/** Which tracks the client wants: a stream need not be converted for what it leaves out. */
export function wantedTracks(offer: Offer): MediaTrack[] {
  return (['audio', 'video'] as const).filter((track) => wantedMedia(offer).some(({ kind }) => kind === track));
}

/**
 * What of the stream this client gets.
 * @throws LiveError NOT_PLAYABLE when that is nothing, STREAM_NOT_LIVE when nothing came of the stream yet.
 */
export function chooseToPlay(offer: Offer, tracks: PlayableTracks): ChosenMedia[] {
  const chosen: ChosenMedia[] = [];
  const left = [...tracks.left];
  const sources = { cname: 'lianmai', streamId: 'lianmai' };
  const wanted = wantedMedia(offer);
  const video = wanted.find(({ kind }) => kind === 'video');
  if (video && tracks.video) {
    const codec = chooseVideoToSend(video, tracks.video.codec, tracks.video.profile);
    const source = { ...sources, ssrc: newSsrc(), trackId: 'video' };
    if (codec) chosen.push({ mid: video.mid, codec, direction: 'sendonly', source });
    else left.push(`the client does not take ${tracks.video.codec}`);
  }
  const audio = wanted.find(({ kind }) => kind === 'audio');
  if (audio && (tracks.audio || (tracks.mayGainAudio && chosen.length > 0))) {
    const codec = chooseAudio(audio);
    const source = { ...sources, ssrc: newSsrc(), trackId: 'audio' };
    if (codec) chosen.push({ mid: audio.mid, codec, direction: 'sendonly', source });
  }
  if (chosen.length > 0) return chosen;
  if (!tracks.video && !tracks.audio && left.length === 0)
    throw new LiveError('STREAM_NOT_LIVE', 'nothing has come of this stream yet: try again');
  const why = left.length > 0 ? left.join('; ') : 'it has no track that the client wants';
  throw new LiveError('NOT_PLAYABLE', `WebRTC cannot play this stream: ${why}. Play it by FLV or HLS`);
}

const newSsrc = () => 1 + Math.floor(Math.random() * 0xfffffffe);
