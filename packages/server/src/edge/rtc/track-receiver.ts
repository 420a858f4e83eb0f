import type { AudioFrame, Frame, VideoFrame } from '@lianmai/media';
import { WireError } from '@lianmai/media';
import { buildOpusHead } from '@lianmai/media/codec';
import {
  type FrameAssembler,
  H264Assembler,
  JitterBuffer,
  type JitterLimits,
  ReceptionStatistics,
  type ReportBlock,
  type RtpPacket,
  type SenderReport,
  type SourceClock,
  unwrapRtx,
  Vp8Assembler,
} from '@lianmai/media/rtp';
import type { OfferedCodec } from '@lianmai/media/sdp';

/** Pictures wait for retransmissions; longer would be a freeze anyway. */
const VIDEO_LIMITS: JitterLimits = { giveUpMs: 400, firstRequestMs: 10, retryMs: 60, maxPackets: 2000 };
/** Sound conceals a loss better than a wait. */
const AUDIO_LIMITS: JitterLimits = { giveUpMs: 100, firstRequestMs: 10, retryMs: 60, maxPackets: 100 };

/** One track that a client sends: its packets put in order and made into frames. */
export class TrackReceiver {
  readonly kind: 'audio' | 'video';
  readonly codec: OfferedCodec;
  readonly #clock: SourceClock;
  readonly #name: string;
  readonly #assembler: FrameAssembler | null;
  readonly #videoCodec: 'h264' | 'vp8';
  readonly #limits: JitterLimits;
  #jitter: JitterBuffer<{ packet: RtpPacket; atMs: number }>;
  #statistics: ReceptionStatistics;
  #ssrc: number | null = null;
  #configured = false;

  /** @param name of its own on the clock. */
  constructor(codec: OfferedCodec, clock: SourceClock, name: string) {
    const codecName = codec.name.toLowerCase();
    this.kind = codecName === 'opus' ? 'audio' : 'video';
    this.codec = codec;
    this.#clock = clock;
    this.#name = name;
    this.#videoCodec = codecName === 'vp8' ? 'vp8' : 'h264';
    this.#assembler = this.kind === 'audio' ? null : codecName === 'vp8' ? new Vp8Assembler() : new H264Assembler();
    this.#limits = this.kind === 'audio' ? AUDIO_LIMITS : VIDEO_LIMITS;
    this.#jitter = new JitterBuffer(this.#limits);
    this.#statistics = new ReceptionStatistics(codec.clockRate);
    clock.addTrack(name, codec.clockRate);
  }

  /** Null before the first packet. */
  get ssrc(): number | null {
    return this.#ssrc;
  }

  /** Pictures cannot be decoded until the client sends a key frame. */
  get needsKeyFrame(): boolean {
    return this.#ssrc !== null && (this.#assembler?.needsKeyFrame ?? false);
  }

  /** Packets were missed: {@link requests} and {@link frames} have work as time passes. */
  get waiting(): boolean {
    return this.#jitter.waiting;
  }

  /** @returns whether it belongs to this track. */
  packet(packet: RtpPacket, nowMs: number): boolean {
    if (packet.payloadType === this.codec.rtxPayloadType) {
      if (this.#ssrc === null) return true;
      const original = unwrapRtx(packet, { ssrc: this.#ssrc, payloadType: this.codec.payloadType });
      if (original !== null && !(original instanceof WireError)) this.#push(original, nowMs);
      return true;
    }
    if (packet.payloadType !== this.codec.payloadType) return false;
    if (packet.ssrc !== this.#ssrc) this.#begin(packet.ssrc);
    this.#statistics.received(packet, nowMs);
    this.#push(packet, nowMs);
    return true;
  }

  senderReport({ ssrc, ntp, timestamp }: SenderReport, nowMs: number): void {
    if (ssrc !== this.#ssrc) return;
    this.#statistics.reported(ntp, nowMs);
    this.#clock.report(this.#name, ntp, timestamp);
  }

  /** Frames that are complete by now, oldest first; times are those of {@link SourceClock}. */
  frames(nowMs: number): Frame[] {
    const frames: Frame[] = [];
    for (const { item, afterLoss } of this.#jitter.take(nowMs)) {
      if (this.#assembler) frames.push(...this.#picture(this.#assembler, item, afterLoss));
      else if (item.packet.payload.length > 0) frames.push(...this.#sound(item));
    }
    return frames;
  }

  /** Sequence numbers to ask for now. */
  requests(nowMs: number): number[] {
    return this.#jitter.requests(nowMs);
  }

  report(nowMs: number): ReportBlock | null {
    return this.#ssrc === null ? null : this.#statistics.report(this.#ssrc, nowMs);
  }

  #push(packet: RtpPacket, atMs: number): void {
    this.#jitter.push(packet.sequenceNumber, { packet, atMs }, atMs);
  }

  /** The client's first packet, or it replaced its source. */
  #begin(ssrc: number): void {
    this.#ssrc = ssrc;
    this.#jitter = new JitterBuffer(this.#limits);
    this.#statistics = new ReceptionStatistics(this.codec.clockRate);
  }

  #picture(assembler: FrameAssembler, { packet, atMs }: { packet: RtpPacket; atMs: number }, afterLoss: boolean) {
    const picture = assembler.push(packet, afterLoss);
    if (!picture) return [];
    const dts = this.#clock.place(this.#name, picture.timestamp, atMs);
    const frame: VideoFrame = {
      track: 'video',
      codec: this.#videoCodec,
      type: picture.type,
      dts,
      cts: 0,
      data: picture.data,
    };
    return picture.config ? [{ ...frame, type: 'config' as const, data: picture.config }, frame] : [frame];
  }

  #sound({ packet, atMs }: { packet: RtpPacket; atMs: number }): AudioFrame[] {
    const dts = this.#clock.place(this.#name, packet.timestamp, atMs);
    // The payload is a part of the datagram, which is this packet's alone.
    const frame: AudioFrame = { track: 'audio', codec: 'opus', type: 'key', dts, cts: 0, data: packet.payload };
    if (this.#configured) return [frame];
    this.#configured = true;
    return [{ ...frame, type: 'config', data: buildOpusHead({ channels: 2 }) }, frame];
  }
}
