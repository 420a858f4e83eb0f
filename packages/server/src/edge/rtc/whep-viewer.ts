import type { Frame, VideoFrame } from '@lianmai/media';
import { WireError } from '@lianmai/media';
import { isRtcp, parseRtcp, writeRtcp } from '@lianmai/media/rtp';
import type { LiveStream } from '../hub/sink.ts';
import { audioTimestamp, packetizeVideo, type SharedPacket, videoTimestamp } from './outgoing.ts';
import type { TrackSender } from './track-sender.ts';

export interface WhepViewerOptions {
  stream: LiveStream;
  video: TrackSender | null;
  /** What was agreed on for the pictures. */
  videoCodec: 'h264' | 'vp8' | null;
  /** The client would have taken pictures, but there were none. */
  missesVideo: boolean;
  audio: TrackSender | null;
  /** Sends RTCP. */
  send(mid: string, packet: Buffer): boolean;
  /** The stream's publisher should make a key frame. */
  needKeyFrame(): void;
  /** It cannot go on, as the stream is not what was agreed on any more. */
  close(): void;
}

/** A GOP longer than this is not caught up with: the viewer waits for the next key frame. */
const LONGEST_CATCH_UP = 150;
/** Receivers report every second or so while packets come; one that does not is gone, though ICE does not know yet. */
const MOST_SILENT_SECONDS = 10;
/** One message of a viewer makes us send no more than this. */
const MOST_SENT_AGAIN = 200;
/** Frames a newcomer is behind by come with times so close together, so that they are decoded at once and not played. */
const CATCH_UP_STEP_MS = 1;

/** One viewer of a WHEP session, once it is connected. */
export class WhepViewer {
  readonly video: TrackSender | null;
  readonly videoCodec: 'h264' | 'vp8' | null;
  readonly missesVideo: boolean;
  readonly audio: TrackSender | null;
  readonly #options: WhepViewerOptions;
  #awaitsKey = true;
  /** Packets were sent since the last report. */
  #sent = false;
  #silentSeconds = 0;

  constructor(options: WhepViewerOptions) {
    this.#options = options;
    this.video = options.video;
    this.videoCodec = options.videoCodec;
    this.missesVideo = options.missesVideo;
    this.audio = options.audio;
  }

  /** Brings a newcomer to the present: everything since the newest key frame at once, or a wish for a new one. */
  catchUp(parameterSets: readonly Buffer[]): void {
    const { gop } = this.#options.stream;
    const pictures = gop.filter((frame): frame is VideoFrame => frame.track === 'video');
    const last = pictures.at(-1);
    if (!this.video) return;
    if (!last || pictures[0]?.type !== 'key' || pictures.length > LONGEST_CATCH_UP) return this.#options.needKeyFrame();
    for (const [i, frame] of pictures.entries()) {
      const dts = last.dts - (pictures.length - 1 - i) * CATCH_UP_STEP_MS;
      this.sendVideo(frame, packetizeVideo({ ...frame, dts }, parameterSets));
    }
  }

  /** Packets are shared with other viewers. */
  sendVideo(frame: Frame, packets: readonly SharedPacket[]): void {
    if (!this.video) return;
    if (this.#awaitsKey && frame.type !== 'key') return this.#options.stream.countDropped(1);
    this.#awaitsKey = false;
    let bytes = 0;
    for (const packet of packets) bytes += this.video.send(packet);
    this.#sentBytes(bytes);
  }

  sendAudio(packet: SharedPacket): void {
    if (this.audio) this.#sentBytes(this.audio.send(packet));
  }

  /** What the viewer's end says of what it gets. */
  packet(data: Buffer): void {
    this.#silentSeconds = 0;
    const packets = isRtcp(data) ? parseRtcp(data) : [];
    if (packets instanceof WireError) return;
    for (const packet of packets) {
      if (packet.kind === 'nack') this.#sendAgain(packet.mediaSsrc, packet.lost);
      else if (packet.kind === 'pictureLoss' || packet.kind === 'fullIntraRequest') this.#options.needKeyFrame();
    }
  }

  /**
   * Once a second: a sender report, or the end of a viewer that is not there any more.
   * @param streamMs where the stream's timeline is at `nowMs`, Unix time: sound and picture are tied to the same clock.
   */
  report(nowMs: number, streamMs: number): void {
    if (this.#sent) this.#silentSeconds += 1;
    this.#sent = false;
    if (this.#silentSeconds > MOST_SILENT_SECONDS) return this.close();
    const reports = [
      { track: this.video, report: this.video?.report(nowMs, videoTimestamp(streamMs)) },
      { track: this.audio, report: this.audio?.report(nowMs, audioTimestamp(streamMs)) },
    ];
    for (const { track, report } of reports) {
      if (!track || !report) continue;
      const cname = {
        kind: 'sourceDescription' as const,
        chunks: [{ ssrc: track.ssrc, items: [{ type: 1, text: 'lianmai' }] }],
      };
      this.#options.send(track.mid, writeRtcp([report, cname]));
    }
  }

  /** The next picture follows something this viewer did not get. */
  awaitKey(): void {
    this.#awaitsKey = true;
  }

  close(): void {
    this.#options.close();
  }

  #sendAgain(ssrc: number, lost: readonly number[]): void {
    for (const track of [this.video, this.audio])
      if (track?.ssrc === ssrc) this.#sentBytes(track.sendAgain(lost.slice(0, MOST_SENT_AGAIN)));
  }

  #sentBytes(bytes: number): void {
    if (bytes > 0) this.#sent = true;
    this.#options.stream.countSent('whep', bytes);
  }
}
