import type { VideoFrame } from '@lianmai/media';
import { WireError } from '@lianmai/media';
import { isRtcp, parseRtcp, writeRtcp } from '@lianmai/media/rtp';
import type { LiveStream } from '../hub/sink.ts';
import { audioTimestamp, type SharedPacket, videoTimestamp } from './outgoing.ts';
import type { Paced, Pacer } from './pacer.ts';
import type { PacketHistory } from './packet-history.ts';
import type { TrackSender } from './track-sender.ts';

export interface WhepViewerOptions {
  stream: LiveStream;
  pacer: Pacer;
  video: TrackSender | null;
  /** What was agreed on for the pictures. */
  videoCodec: 'h264' | 'vp8' | null;
  /** The client would have taken pictures, but there were none. */
  missesVideo: boolean;
  audio: TrackSender | null;
  /** Sends RTCP. */
  send(packet: Buffer): boolean;
  /** The stream's publisher should make a key frame. */
  needKeyFrame(): void;
  /** It cannot go on, as the stream is not what was agreed on any more. */
  close(): void;
}

/** Receivers report every second or so while packets come; one that does not is gone, though ICE does not know yet. */
const MOST_SILENT_SECONDS = 10;
/** One message of a viewer makes us send no more than this. */
const MOST_SENT_AGAIN = 200;
/** Of what a newcomer catches up with: packets that leave at once, and in each turn of the pacer after (about 15 Mbit/s). */
const FIRST_BURST = 24;
const BURST = 8;
/** Nobody asks for the packets of its start any more after so many reports. */
const START_REPORTS = 4;

/** A picture, or a part of it, that waits until its viewer has caught up. */
type Behind = Parameters<WhepViewer['sendVideo']>;

/** One viewer of a WHEP session, once it is connected. */
export class WhepViewer implements Paced {
  readonly video: TrackSender | null;
  readonly videoCodec: 'h264' | 'vp8' | null;
  readonly missesVideo: boolean;
  readonly audio: TrackSender | null;
  readonly #options: WhepViewerOptions;
  #awaitsKey = true;
  /** Pictures in the history from here on are sent; those before it were caught up with. */
  #from = 0;
  #catchUp: readonly SharedPacket[] = [];
  #caughtUp = 0;
  readonly #behind: Behind[] = [];
  /** Packets were sent since the last report. */
  #sent = false;
  #silentSeconds = 0;
  #reports = 0;

  constructor(options: WhepViewerOptions) {
    this.#options = options;
    this.video = options.video;
    this.videoCodec = options.videoCodec;
    this.missesVideo = options.missesVideo;
    this.audio = options.audio;
  }

  /**
   * Brings a newcomer to the present: everything since the newest key frame, or a wish for a new one.
   * @param histories of the packets that follow.
   * @param catchUp shared with others who come in the same moment.
   */
  begin(
    histories: { videoHistory: PacketHistory; audioHistory: PacketHistory },
    catchUp: readonly SharedPacket[],
  ): void {
    this.audio?.follow(histories.audioHistory);
    if (!this.video) return;
    this.video.follow(histories.videoHistory);
    this.#from = histories.videoHistory.next;
    if (catchUp.length === 0) return this.#options.needKeyFrame();
    this.#awaitsKey = false;
    this.#catchUp = catchUp;
    this.#sendCatchUp(FIRST_BURST);
    if (this.#isBehind()) this.#options.pacer.add(this);
  }

  /**
   * A part of a picture, in packets that are shared with other viewers.
   * @param first number of the picture's first packet in the history.
   * @returns bytes sent.
   */
  sendVideo(
    type: VideoFrame['type'],
    packets: readonly SharedPacket[],
    first: number,
    from: number,
    until: number,
  ): number {
    if (!this.video || first < this.#from) return 0;
    if (this.#catchUp.length > 0) {
      this.#behind.push([type, packets, first, from, until]);
      return 0;
    }
    if (this.#awaitsKey) {
      if (type !== 'key' || from > 0) {
        if (from === 0) this.#options.stream.countDropped(1);
        return 0;
      }
      this.#awaitsKey = false;
    }
    let bytes = 0;
    for (let i = from; i < until; i++) bytes += this.video.send(packets[i] as SharedPacket, first + i);
    if (bytes > 0) this.#sent = true;
    return bytes;
  }

  /** @returns bytes sent. */
  sendAudio(packet: SharedPacket, number: number): number {
    const bytes = this.audio?.send(packet, number) ?? 0;
    if (bytes > 0) this.#sent = true;
    return bytes;
  }

  sendMore(): boolean {
    this.#sendCatchUp(BURST);
    return this.#isBehind();
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
    if (++this.#reports === START_REPORTS) this.video?.forgetOwn();
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
      this.#options.send(writeRtcp([report, cname]));
    }
  }

  /** The next picture follows something this viewer did not get. */
  awaitKey(): void {
    this.#awaitsKey = true;
    this.#catchUp = [];
    this.#behind.length = 0;
  }

  close(): void {
    this.#options.close();
  }

  #isBehind(): boolean {
    return this.#catchUp.length > 0;
  }

  #sendCatchUp(most: number): void {
    if (!this.video || !this.#isBehind()) return;
    let bytes = 0;
    const end = Math.min(this.#catchUp.length, this.#caughtUp + most);
    for (; this.#caughtUp < end; this.#caughtUp++)
      bytes += this.video.sendOwn(this.#catchUp[this.#caughtUp] as SharedPacket);
    if (end === this.#catchUp.length) {
      this.#catchUp = [];
      this.#caughtUp = 0;
      for (const part of this.#behind.splice(0)) bytes += this.sendVideo(...part);
    }
    this.#count(bytes);
  }

  #sendAgain(ssrc: number, lost: readonly number[]): void {
    for (const track of [this.video, this.audio])
      if (track?.ssrc === ssrc) this.#count(track.sendAgain(lost.slice(0, MOST_SENT_AGAIN)));
  }

  #count(bytes: number): void {
    if (bytes > 0) this.#sent = true;
    this.#options.stream.countSent('whep', bytes);
  }
}
