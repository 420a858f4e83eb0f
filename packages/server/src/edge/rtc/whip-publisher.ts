import type { EndReason } from '@lianmai/contract';
import { type DataFrame, WireError } from '@lianmai/media';
import { AmfEcmaArray, emptyAmfObject, encodeAmf0 } from '@lianmai/media/amf';
import {
  ArrivalRecorder,
  isRtcp,
  parseRtcp,
  parseRtpPacket,
  type RtcpPacket,
  type RtpPacket,
  readHeaderExtension,
  SourceClock,
  writeRtcp,
} from '@lianmai/media/rtp';
import { type ChosenMedia, type Offer, TRANSPORT_SEQUENCE_URI, usesTransportFeedback } from '@lianmai/media/sdp';
import type { Publication } from '../hub/ports.ts';
import { TrackReceiver } from './track-receiver.ts';

/** How the publisher reaches its client. */
export interface PacketSender {
  send(mid: string, packet: Buffer): boolean;
}

/** Nobody needs key frames faster; the client would spend its bandwidth on them. */
const KEY_FRAME_REQUEST_MS = 500;
/** Browsers make key frames only when asked; newcomers, HLS and the GOP cache need them now and then. */
const KEY_FRAME_EVERY_MS = 2000;
/** One that nobody waits for may be long on its way over a narrow network: to ask again would make it two. */
const KEY_FRAME_PATIENCE_MS = 2000;
const TRANSPORT_FEEDBACK_MS = 50;
const REPORT_MS = 1000;
/** What clients without transport-wide feedback are told by REMB: no limit of ours; they find the path's by what gets lost. */
const BITRATE_LIMIT = 10_000_000;
/** The stream id of our own RTCP. */
const OWN_SSRC = 1;

/** The publishing side of a WHIP session: the client's packets become frames of its stream. */
export class WhipPublisher {
  readonly stream: string;
  readonly #publication: Publication;
  readonly #sender: PacketSender;
  readonly #tracks = new Map<string, TrackReceiver>();
  /** Header extension ids of transport-wide sequence numbers by mid. */
  readonly #sequenceIds = new Map<string, number>();
  readonly #arrivals = new ArrivalRecorder();
  #nextFeedbackMs = 0;
  #nextReportMs = 0;
  #keyFrameAskedMs = Number.NEGATIVE_INFINITY;
  #keyFrameCameMs = Number.NEGATIVE_INFINITY;

  constructor(
    stream: string,
    publication: Publication,
    sender: PacketSender,
    offer: Offer,
    chosen: readonly ChosenMedia[],
  ) {
    this.stream = stream;
    this.#publication = publication;
    this.#sender = sender;
    publication.write(announcement(chosen));
    const clock = new SourceClock();
    for (const { mid, codec } of chosen) {
      this.#tracks.set(mid, new TrackReceiver(codec, clock));
      const id = offer.media.find((media) => media.mid === mid)?.extensions.get(TRANSPORT_SEQUENCE_URI);
      if (id !== undefined && usesTransportFeedback(offer, chosen) && codec.feedback.includes('transport-cc'))
        this.#sequenceIds.set(mid, id);
    }
  }

  /** A decrypted packet of an m= section; anything unreadable is left out. */
  packet(mid: string, data: Buffer, nowMs: number): void {
    const track = this.#tracks.get(mid);
    if (!track) return;
    this.#publication.received(data.length);
    if (isRtcp(data)) return this.#reports(data, nowMs);
    const packet = parseRtpPacket(data);
    if (packet instanceof WireError) return;
    this.#note(mid, packet, nowMs);
    if (track.packet(packet, nowMs)) this.#writeFrames(track, nowMs);
  }

  /** Lets time pass: called every few ms. */
  tick(nowMs: number): void {
    for (const [mid, track] of this.#tracks) {
      if (track.waiting) {
        this.#writeFrames(track, nowMs);
        const lost = track.requests(nowMs);
        if (lost.length > 0 && track.ssrc !== null && track.codec.feedback.includes('nack'))
          this.#send(mid, [{ kind: 'nack', senderSsrc: OWN_SSRC, mediaSsrc: track.ssrc, lost }]);
      }
      if (track.kind === 'video' && (track.needsKeyFrame || this.#isKeyFrameDue(nowMs))) this.requestKeyFrame(nowMs);
    }
    if (nowMs >= this.#nextFeedbackMs) {
      this.#nextFeedbackMs = nowMs + TRANSPORT_FEEDBACK_MS;
      this.#transportFeedback();
    }
    if (nowMs >= this.#nextReportMs) {
      this.#nextReportMs = nowMs + REPORT_MS;
      this.#receiverReports(nowMs);
    }
  }

  /** Asks the client for a key frame, for whoever needs one; many wishes at once are one request. */
  requestKeyFrame(nowMs: number): void {
    if (nowMs - this.#keyFrameAskedMs < KEY_FRAME_REQUEST_MS) return;
    for (const [mid, { kind, ssrc }] of this.#tracks) {
      if (kind !== 'video' || ssrc === null) continue;
      this.#keyFrameAskedMs = nowMs;
      this.#send(mid, [{ kind: 'pictureLoss', senderSsrc: OWN_SSRC, mediaSsrc: ssrc }]);
    }
  }

  end(reason: EndReason): void {
    this.#publication.end(reason);
  }

  #isKeyFrameDue(nowMs: number): boolean {
    return nowMs - this.#keyFrameCameMs >= KEY_FRAME_EVERY_MS && nowMs - this.#keyFrameAskedMs >= KEY_FRAME_PATIENCE_MS;
  }

  #writeFrames(track: TrackReceiver, nowMs: number): void {
    for (const frame of track.frames(nowMs)) {
      if (frame.track === 'video' && frame.type === 'key') this.#keyFrameCameMs = nowMs;
      this.#publication.write(frame);
    }
  }

  #note(mid: string, { extension }: RtpPacket, nowMs: number): void {
    const id = this.#sequenceIds.get(mid);
    if (id === undefined || !extension) return;
    const elements = readHeaderExtension(extension);
    const element = elements instanceof WireError ? undefined : elements.get(id);
    if (element?.length === 2) this.#arrivals.arrived(element.readUInt16BE(0), nowMs);
  }

  #reports(data: Buffer, nowMs: number): void {
    const packets = parseRtcp(data);
    if (packets instanceof WireError) return;
    for (const packet of packets)
      if (packet.kind === 'senderReport') for (const track of this.#tracks.values()) track.senderReport(packet, nowMs);
  }

  /** Clients take it only when it names a source of theirs, so it waits for the first one that is known. */
  #transportFeedback(): void {
    for (const mid of this.#sequenceIds.keys()) {
      const ssrc = this.#tracks.get(mid)?.ssrc ?? null;
      if (ssrc === null) continue;
      const feedback = this.#arrivals.take(OWN_SSRC, ssrc);
      if (feedback.length > 0) this.#send(mid, feedback);
      return;
    }
  }

  #receiverReports(nowMs: number): void {
    for (const [mid, track] of this.#tracks) {
      const report = track.report(nowMs);
      if (!report) continue;
      const packets: RtcpPacket[] = [{ kind: 'receiverReport', ssrc: OWN_SSRC, reports: [report] }];
      if (track.kind === 'video' && !this.#sequenceIds.has(mid))
        packets.push({ kind: 'bitrateEstimate', senderSsrc: OWN_SSRC, bitrate: BITRATE_LIMIT, ssrcs: [report.ssrc] });
      this.#send(mid, packets);
    }
  }

  #send(mid: string, packets: readonly RtcpPacket[]): void {
    this.#sender.send(mid, writeRtcp(packets));
  }
}

/**
 * Tells before the first packet which tracks will come, so that nobody who joins early is answered without one of them. The codec
 * numbers are those that FLV and RTMP players get: H.264 and AAC (FLV 10.1 E.4.2.1, E.4.3.1).
 */
function announcement(chosen: readonly ChosenMedia[]): DataFrame {
  const isVideo = ({ codec }: ChosenMedia) => codec.name.toLowerCase() !== 'opus';
  const tracks = Object.assign(emptyAmfObject(), {
    ...(chosen.some(isVideo) && { videocodecid: 7 }),
    ...(!chosen.every(isVideo) && { audiocodecid: 10 }),
  });
  const data = encodeAmf0(['onMetaData', new AmfEcmaArray(tracks)]);
  return { track: 'data', codec: 'amf0', type: 'config', dts: 0, cts: 0, data };
}
