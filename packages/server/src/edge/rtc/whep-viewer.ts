import type { VideoFrame } from '@lianmai/media';
import { WireError } from '@lianmai/media';
import { isRtcp, parseRtcp, type ReportBlock, type SenderReportWriter, toShortNtp } from '@lianmai/media/rtp';
import type { LiveStream } from '../hub/sink.ts';
import { audioTimestamp, type SharedPacket, videoTimestamp } from './outgoing.ts';
import type { Paced, Pacer } from './pacer.ts';
import type { TrackSender } from './track-sender.ts';
import { ViewerQuality } from './viewer-quality.ts';
import type { WhepFanout } from './whep-fanout.ts';

export interface WhepViewerOptions {
  stream: LiveStream;
  pacer: Pacer;
  video: TrackSender | null;
  /** What was agreed on for the pictures. */
  videoCodec: 'h264' | 'vp8' | null;
  /** The client would have taken pictures, but there were none. */
  missesVideo: boolean;
  audio: TrackSender | null;
  /** The stream's publisher should make a key frame, of the picture of this rank. */
  needKeyFrame(rank: number): void;
  /**
   * Its network does not carry the picture, or carries a larger one: {@link WhepViewer.watch} follows, or
   * {@link WhepViewer.stay}. Without it there is only one picture.
   */
  changePicture?(viewer: WhepViewer, rank: number): void;
  /** Unix time, ms. */
  now(): number;
  /** It cannot go on, as the stream is not what was agreed on any more. */
  close(): void;
}

/** Receivers report every second or so while packets come; one that does not is gone, though ICE does not know yet. */
const MOST_SILENT_SECONDS = 10;
/** One that has not said anything yet may still be at its end of the handshake: on a busy machine, or over a path that loses much. */
const MOST_SILENT_AT_FIRST_SECONDS = 30;
/** One message of a viewer makes us send no more than this. */
const MOST_SENT_AGAIN = 200;
/** Bytes sent again in a second: half of what is sent, or this. More of it would fill a narrow network for good. */
const LEAST_REPAIR_BYTES = 50_000;
/** For the first second, when nobody knows yet what is sent. */
const FIRST_REPAIR_BYTES = 200_000;
/** Of what a newcomer catches up with: packets that leave at once, and in each turn of the pacer after (about 15 Mbit/s). */
const FIRST_BURST = 24;
const BURST = 8;
/** Nobody asks for the packets of its start any more after so many reports. */
const START_REPORTS = 4;

/** What a viewer is told of its network. */
export interface ViewerState {
  /** `strained`: it does not carry what is sent. */
  network: 'good' | 'strained';
  /** 0: the stream's picture; 1, 2: smaller ones. */
  picture: number;
}

/** The smallest picture there may be. */
const LAST_RANK = 2;
/** Another picture that does not begin within so many seconds is not waited for. */
const LONGEST_CHANGE_S = 6;
/** A stream without smaller pictures is asked for one again after so many seconds. */
const ASK_AGAIN_S = 60;

/** A picture, or a part of it, that waits until its viewer has caught up. */
type Behind = Parameters<WhepViewer['sendVideo']>;

/** One viewer of a WHEP session, once it is connected. */
export class WhepViewer implements Paced {
  readonly video: TrackSender | null;
  readonly videoCodec: 'h264' | 'vp8' | null;
  readonly missesVideo: boolean;
  readonly audio: TrackSender | null;
  readonly #options: WhepViewerOptions;
  readonly #quality = new ViewerQuality();
  /** Where it is counted and hears from; null before {@link begin}. */
  #home: WhepFanout | null = null;
  /** Where its pictures come from. */
  #source: WhepFanout | null = null;
  /** Where they will come from at its next key frame. */
  #next: { source: WhepFanout; rank: number } | null = null;
  #rank = 0;
  /** The publisher whose smaller pictures were asked for. */
  #rankOf = '';
  #changingS = 0;
  /** No change is asked for meanwhile. */
  #staysS = 0;
  #reportedPackets = 0;
  #reportedBytes = 0;
  #repairBytes = FIRST_REPAIR_BYTES;
  #awaitsKey = true;
  /** Pictures in the history from here on are sent; those before it were caught up with. */
  #from = 0;
  #catchUp: readonly SharedPacket[] = [];
  #caughtUp = 0;
  readonly #behind: Behind[] = [];
  /** Packets were sent since the last report. */
  #sent = false;
  #heard = false;
  #silentSeconds = 0;
  #reports = 0;

  constructor(options: WhepViewerOptions) {
    this.#options = options;
    this.video = options.video;
    this.videoCodec = options.videoCodec;
    this.missesVideo = options.missesVideo;
    this.audio = options.audio;
  }

  get state(): ViewerState {
    return { network: this.#quality.strained ? 'strained' : 'good', picture: this.#rank };
  }

  /**
   * Brings a newcomer to the present: everything since the newest key frame, or a wish for a new one.
   * @param home sends what follows.
   * @param catchUp shared with others who come in the same moment.
   */
  begin(home: WhepFanout, catchUp: readonly SharedPacket[]): void {
    this.#home = home;
    this.#source = home;
    this.audio?.follow(home.audioHistory);
    if (!this.video) return;
    this.video.follow(home.videoHistory);
    this.#from = home.videoHistory.next;
    if (catchUp.length === 0) return this.#options.needKeyFrame(0);
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
    source: WhepFanout,
    type: VideoFrame['type'],
    packets: readonly SharedPacket[],
    first: number,
    from: number,
    until: number,
  ): number {
    if (source !== this.#source && !this.#turnsTo(source, type, from)) return 0;
    if (!this.video || first < this.#from) return 0;
    if (this.#catchUp.length > 0) {
      this.#behind.push([source, type, packets, first, from, until]);
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
    this.#heard = true;
    this.#silentSeconds = 0;
    const packets = isRtcp(data) ? parseRtcp(data) : [];
    if (packets instanceof WireError) return;
    for (const packet of packets) {
      if (packet.kind === 'nack') this.#sendAgain(packet.mediaSsrc, packet.lost);
      else if (packet.kind === 'pictureLoss' || packet.kind === 'fullIntraRequest')
        this.#options.needKeyFrame(this.#rank);
      else if (packet.kind === 'receiverReport' || packet.kind === 'senderReport')
        for (const report of packet.reports) this.#measure(report);
    }
  }

  /** Pictures come from there, beginning with its next key frame. */
  watch(source: WhepFanout, rank: number): void {
    if (source === this.#next?.source) return;
    this.#leaveNext();
    if (source === this.#source) return;
    this.#next = { source, rank };
    if (source !== this.#home) source.addGuest(this);
    this.#options.needKeyFrame(rank);
  }

  /** There is no other picture. */
  stay(): void {
    this.#changingS = 0;
    this.#staysS = ASK_AGAIN_S;
  }

  /** Where its pictures come from has nothing for it any more. */
  goHome(): void {
    if (!this.#home || this.#source === this.#home) return this.#leaveNext();
    this.leaveGuesthouses();
    this.#source = this.#home;
    this.#rank = 0;
    this.video?.follow(this.#home.videoHistory);
    this.#awaitsKey = true;
    this.#options.needKeyFrame(0);
  }

  /** It gets no more pictures from elsewhere. */
  leaveGuesthouses(): void {
    this.#leaveNext();
    if (this.#source !== this.#home) this.#source?.removeGuest(this);
  }

  /**
   * Once a second: a sender report, or the end of a viewer that is not there any more.
   * @param streamMs where the stream's timeline is at the writer's moment: sound and picture are tied to the same clock.
   */
  report(writer: SenderReportWriter, streamMs: number): void {
    if (this.#sent) this.#silentSeconds += 1;
    this.#sent = false;
    const most = this.#heard ? MOST_SILENT_SECONDS : MOST_SILENT_AT_FIRST_SECONDS;
    if (this.#silentSeconds > most) return this.close();
    if (++this.#reports === START_REPORTS) this.video?.forgetOwn();
    // The wish, or the key frame, may have got lost with whoever was asked.
    if (this.video && this.#awaitsKey) this.#options.needKeyFrame(this.#rank);
    this.#lookAtNetwork();
    this.video?.report(writer, videoTimestamp(streamMs));
    this.audio?.report(writer, audioTimestamp(streamMs));
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

  /** Whether the other picture that is waited for begins with this. */
  #turnsTo(source: WhepFanout, type: VideoFrame['type'], from: number): boolean {
    if (source !== this.#next?.source || type !== 'key' || from > 0 || this.#isBehind()) return false;
    const before = this.#source;
    this.#source = source;
    this.#rank = this.#next.rank;
    this.#next = null;
    this.#changingS = 0;
    this.#from = 0;
    this.#awaitsKey = false;
    const apartMs = source === this.#home ? 0 : (source.originMs ?? 0) - (this.#home?.originMs ?? 0);
    this.video?.follow(source.videoHistory, Math.round(apartMs * 90));
    if (before !== this.#home) before?.removeGuest(this);
    return true;
  }

  #leaveNext(): void {
    const next = this.#next?.source;
    this.#next = null;
    if (next && next !== this.#home && next !== this.#source) next.removeGuest(this);
  }

  /** Once a second: whether the network carries the picture, or could carry a larger one. */
  #lookAtNetwork(): void {
    const { stream, changePicture } = this.#options;
    const packets = this.video?.packets ?? 0;
    const advice = this.#quality.second(packets - this.#reportedPackets);
    this.#reportedPackets = packets;
    const bytes = this.video?.payloadBytes ?? 0;
    this.#repairBytes = Math.max(LEAST_REPAIR_BYTES, (bytes - this.#reportedBytes) / 2);
    this.#reportedBytes = bytes;
    this.#staysS = Math.max(0, this.#staysS - 1);
    if (this.#rank > 0 && stream.source !== this.#rankOf) return this.goHome();
    if (this.#changingS > 0) {
      if (++this.#changingS > LONGEST_CHANGE_S) {
        this.#changingS = 0;
        this.#leaveNext();
      }
      return;
    }
    const rank = this.#rank + (advice === 'smaller' ? 1 : advice === 'larger' ? -1 : 0);
    if (!changePicture || rank === this.#rank || rank < 0 || rank > LAST_RANK) return;
    if (advice === 'smaller' && this.#staysS > 0) return;
    this.#changingS = 1;
    this.#rankOf = stream.source;
    changePicture(this, rank);
  }

  #measure({ ssrc, totalLost, lastSenderReport, delaySinceLastSenderReport }: ReportBlock): void {
    if (ssrc !== this.video?.ssrc) return;
    this.#quality.reported(totalLost);
    if (lastSenderReport === 0) return;
    const now = toShortNtp(this.#options.now());
    this.#quality.answered(((now - lastSenderReport - delaySinceLastSenderReport) | 0) / 65.536);
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
    if (ssrc === this.video?.ssrc) this.#quality.asked(lost);
    for (const track of [this.video, this.audio]) {
      if (track?.ssrc !== ssrc || this.#repairBytes <= 0) continue;
      const bytes = track.sendAgain(lost.slice(0, MOST_SENT_AGAIN));
      this.#repairBytes -= bytes;
      this.#count(bytes);
    }
  }

  #count(bytes: number): void {
    if (bytes > 0) this.#sent = true;
    this.#options.stream.countSent('whep', bytes);
  }
}
