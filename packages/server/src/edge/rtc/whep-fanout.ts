import { type Frame, type VideoFrame, WireError } from '@lianmai/media';
import { parseAvcConfig } from '@lianmai/media/codec';
import { SenderReportWriter } from '@lianmai/media/rtp';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import { packetizeOpus, packetizeVideo, type SharedPacket } from './outgoing.ts';
import type { Paced, Pacer } from './pacer.ts';
import { PacketHistory } from './packet-history.ts';
import type { WhepViewer } from './whep-viewer.ts';

export interface WhepFanoutOptions {
  stream: LiveStream;
  pacer: Pacer;
  /** Unix time, ms. */
  now(): number;
  /** The last viewer has gone; the fan-out is detached by then. */
  onEmpty(): void;
}

/** A picture on its way out. */
interface OutgoingPicture {
  type: VideoFrame['type'];
  packets: readonly SharedPacket[];
  /** Of the first packet in the history. */
  first: number;
  /** Packets that have left. */
  sent: number;
}

/** All tracks of a viewer have it, so that it plays them in step; as an answer names it (`playable.ts`). */
const CNAME = 'lianmai';
/** Packets that leave at once: all of a usual picture. */
const BURST = 12;
/** Larger pictures leave within so many turns of the pacer, before the next one comes. */
const TURNS = 5;
/** A GOP longer than this is not caught up with: newcomers wait for the next key frame. */
const LONGEST_CATCH_UP = 150;
/** Frames a newcomer is behind by come with times so close together, so that they are decoded at once and not played. */
const CATCH_UP_STEP_MS = 1;

/**
 * All WHEP viewers of one stream on this worker: each frame is made into packets once, and each packet goes to all of them before the
 * next one does.
 */
export class WhepFanout implements StreamSink, Paced {
  readonly videoHistory = new PacketHistory();
  readonly audioHistory = new PacketHistory();
  readonly #options: WhepFanoutOptions;
  readonly #viewers: WhepViewer[] = [];
  /** Viewers of another fan-out that get their pictures here. */
  readonly #guests: WhepViewer[] = [];
  /** What newcomers get, until the next picture. */
  #catchUp: readonly SharedPacket[] | null = null;
  readonly #leaving: OutgoingPicture[] = [];
  readonly #reports = new SenderReportWriter(CNAME);
  /** Of the newest picture. */
  #videoCodec: VideoFrame['codec'] | null = null;
  #parameterSets: readonly Buffer[] = [];
  #originMs: number | null = null;

  constructor(options: WhepFanoutOptions) {
    this.#options = options;
    const { stream } = options;
    if (stream.headers.video) this.#configure(stream.headers.video);
    stream.attach(this);
  }

  /** Unix time of 0 on the stream's timeline, ms; null before the first frame. */
  get originMs(): number | null {
    return this.#originMs;
  }

  add(viewer: WhepViewer): void {
    this.#viewers.push(viewer);
    this.#options.stream.countViewers('whep', 1);
    if (this.#mustAgreeAnew(viewer)) return viewer.close();
    viewer.begin(this, this.#catchUpPackets());
  }

  /** Whether the viewer is at home here. */
  has(viewer: WhepViewer): boolean {
    return this.#viewers.includes(viewer);
  }

  /** Removing a viewer that is not there does nothing. */
  remove(viewer: WhepViewer): void {
    const at = this.#viewers.indexOf(viewer);
    if (at < 0) return;
    this.#viewers.splice(at, 1);
    const { stream, pacer } = this.#options;
    stream.countViewers('whep', -1);
    pacer.remove(viewer);
    viewer.leaveGuesthouses();
    this.#endWhenEmpty();
  }

  /** The viewer gets pictures from here, and all else from where it is at home. */
  addGuest(viewer: WhepViewer): void {
    if (!this.#guests.includes(viewer)) this.#guests.push(viewer);
  }

  /** Removing a guest that is not there does nothing. */
  removeGuest(viewer: WhepViewer): void {
    const at = this.#guests.indexOf(viewer);
    if (at < 0) return;
    this.#guests.splice(at, 1);
    this.#endWhenEmpty();
  }

  frame(frame: Frame): void {
    if (frame.type === 'config') {
      if (frame.track === 'video') this.#configure(frame);
      return;
    }
    this.#originMs ??= this.#options.now() - frame.dts;
    if (frame.track === 'video') this.#video(frame);
    else if (frame.track === 'audio' && frame.codec === 'opus') this.#audio(packetizeOpus(frame));
  }

  /** To be called once a second. */
  report(): void {
    if (this.#originMs === null) return;
    const nowMs = this.#options.now();
    this.#reports.at(nowMs);
    for (const viewer of [...this.#viewers]) viewer.report(this.#reports, nowMs - this.#originMs);
  }

  resumed(): void {
    this.#leaving.length = 0;
    this.#catchUp = null;
    for (const viewer of this.#viewers) viewer.awaitKey();
  }

  ended(): void {
    this.#sendGuestsHome();
    this.#close(() => true);
  }

  sendMore(): boolean {
    const waiting = this.#leaving.reduce((total, { packets, sent }) => total + packets.length - sent, 0);
    this.#send(Math.max(BURST, Math.ceil(waiting / TURNS)));
    return this.#leaving.length > 0;
  }

  #video(frame: VideoFrame): void {
    // What a viewer was told at its start cannot be changed: it comes back and agrees anew.
    if (hasReordering(frame)) return this.#close(({ video }) => video !== null);
    if (frame.codec !== this.#videoCodec) {
      if (this.#videoCodec !== null) this.#sendGuestsHome();
      this.#videoCodec = frame.codec;
      this.#close((viewer) => this.#mustAgreeAnew(viewer));
    }
    this.#catchUp = null;
    const packets = packetizeVideo(frame, this.#parameterSets);
    const first = this.videoHistory.next;
    for (const packet of packets) this.videoHistory.push(packet);
    this.#leaving.push({ type: frame.type, packets, first, sent: 0 });
    // Those before it are still leaving, at their pace.
    if (this.#leaving.length === 1) this.#send(BURST);
    if (this.#leaving.length > 0) this.#options.pacer.add(this);
  }

  /** Lets so many packets of pictures out. */
  #send(most: number): void {
    let left = most;
    let bytes = 0;
    for (let picture = this.#leaving[0]; picture && left > 0; picture = this.#leaving[0]) {
      const { type, packets, first, sent } = picture;
      const until = Math.min(packets.length, sent + left);
      for (const viewer of this.#viewers) bytes += viewer.sendVideo(this, type, packets, first, sent, until);
      for (const viewer of this.#guests) bytes += viewer.sendVideo(this, type, packets, first, sent, until);
      left -= until - sent;
      picture.sent = until;
      if (until === packets.length) this.#leaving.shift();
    }
    this.#options.stream.countSent('whep', bytes);
  }

  #audio(packet: SharedPacket): void {
    const number = this.audioHistory.push(packet);
    let bytes = 0;
    for (const viewer of this.#viewers) bytes += viewer.sendAudio(packet, number);
    this.#options.stream.countSent('whep', bytes);
  }

  /** All since the newest key frame, for who comes now; empty when that is too much or there is none. */
  #catchUpPackets(): readonly SharedPacket[] {
    if (this.#catchUp) return this.#catchUp;
    const pictures = this.#options.stream.gop.filter((frame): frame is VideoFrame => frame.track === 'video');
    const last = pictures.at(-1);
    const isWhole = last && pictures[0]?.type === 'key' && pictures.length <= LONGEST_CATCH_UP;
    this.#catchUp = isWhole
      ? pictures.flatMap((frame, i) => {
          const dts = last.dts - (pictures.length - 1 - i) * CATCH_UP_STEP_MS;
          return packetizeVideo({ ...frame, dts }, this.#parameterSets);
        })
      : [];
    return this.#catchUp;
  }

  #endWhenEmpty(): void {
    if (this.#viewers.length + this.#guests.length > 0) return;
    const { stream, pacer, onEmpty } = this.#options;
    pacer.remove(this);
    stream.detach(this);
    onEmpty();
  }

  #sendGuestsHome(): void {
    for (const viewer of [...this.#guests]) viewer.goHome();
  }

  #close(which: (viewer: WhepViewer) => boolean): void {
    for (const viewer of [...this.#viewers]) if (which(viewer)) viewer.close();
  }

  /** Whether it cannot show the pictures that come: those of another codec, or a mix's where the channel's own stream had none. */
  #mustAgreeAnew({ video, videoCodec, missesVideo }: WhepViewer): boolean {
    const { stream } = this.#options;
    if (this.#videoCodec === null) return false;
    return video ? videoCodec !== this.#videoCodec : missesVideo && stream.source !== stream.name;
  }

  #configure(config: VideoFrame): void {
    if (config.codec !== 'h264') return;
    const read = parseAvcConfig(config.data);
    this.#parameterSets = read instanceof WireError ? [] : [...read.sps, ...read.pps];
  }
}

/** Pictures shown before one that was decoded earlier: WebRTC receivers show them in the order of decoding. */
export function hasReordering({ type, cts }: VideoFrame): boolean {
  return type === 'inter' && cts !== 0;
}
