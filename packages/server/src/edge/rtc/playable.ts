import { LiveError } from '@lianmai/contract';
import { type Frame, type VideoFrame, WireError } from '@lianmai/media';
import { parseAvcConfig } from '@lianmai/media/codec';
import { type ChosenMedia, chooseAudio, chooseVideoToSend, type Offer } from '@lianmai/media/sdp';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import { hasReordering } from './whep-fanout.ts';

/** What of a stream WebRTC can carry as it is. */
export interface PlayableTracks {
  video: { codec: 'h264' | 'vp8'; profile: number | null } | null;
  audio: boolean;
  /** Why a track is missing, for the client. */
  left: string[];
}

/** A stream that just began tells its tracks within this, or has no others. */
const SETTLE_MS = 800;
const LONGEST_WAIT_MS = 4000;

/** Waits until it is known what the stream consists of. */
export async function whenDescribed(stream: LiveStream): Promise<void> {
  const known = () => {
    const { video, audio } = stream.headers;
    return (video !== null || stream.gop.some(({ track }) => track === 'video')) && audio !== null;
  };
  if (known() || stream.gop.length > 0) return;
  await new Promise<void>((resolve) => {
    let timer = setTimeout(done, LONGEST_WAIT_MS);
    let settling = false;
    const sink: StreamSink = {
      frame() {
        if (known()) done();
        else if (!settling) {
          settling = true;
          clearTimeout(timer);
          timer = setTimeout(done, SETTLE_MS);
        }
      },
      ended: () => done(),
    };
    function done() {
      clearTimeout(timer);
      stream.detach(sink);
      resolve();
    }
    stream.attach(sink);
  });
}

/** Looks at configurations and the frames at hand. */
export function playableTracks({ headers, gop }: Pick<LiveStream, 'headers' | 'gop'>): PlayableTracks {
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
  return { video, audio: sound === 'opus', left };
}

function profileOf(config: Frame | null): number | null {
  const read = config ? parseAvcConfig(config.data) : null;
  return read === null || read instanceof WireError ? null : read.profile;
}

/**
 * What of the stream this client gets.
 * @throws LiveError NOT_PLAYABLE when that is nothing.
 */
export function chooseToPlay(offer: Offer, tracks: PlayableTracks): ChosenMedia[] {
  const chosen: ChosenMedia[] = [];
  const left = [...tracks.left];
  const sources = { cname: 'lianmai', streamId: 'lianmai' };
  const wanted = offer.media.filter(({ rejected, direction }) => !rejected && /^(recvonly|sendrecv)$/.test(direction));
  const video = wanted.find(({ kind }) => kind === 'video');
  if (video && tracks.video) {
    const codec = chooseVideoToSend(video, tracks.video.codec, tracks.video.profile);
    const source = { ...sources, ssrc: newSsrc(), trackId: 'video' };
    if (codec) chosen.push({ mid: video.mid, codec, direction: 'sendonly', source });
    else left.push(`the client does not take ${tracks.video.codec}`);
  }
  const audio = wanted.find(({ kind }) => kind === 'audio');
  if (audio && tracks.audio) {
    const codec = chooseAudio(audio);
    const source = { ...sources, ssrc: newSsrc(), trackId: 'audio' };
    if (codec) chosen.push({ mid: audio.mid, codec, direction: 'sendonly', source });
  }
  if (chosen.length > 0) return chosen;
  const why = left.length > 0 ? left.join('; ') : 'it has no track that the client wants';
  throw new LiveError('NOT_PLAYABLE', `WebRTC cannot play this stream: ${why}. Play it by FLV or HLS`);
}

const newSsrc = () => 1 + Math.floor(Math.random() * 0xfffffffe);
