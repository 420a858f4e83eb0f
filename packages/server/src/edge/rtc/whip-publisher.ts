import type { EndReason } from '@lianmai/contract';
import { type DataFrame, type Frame, WireError } from '@lianmai/media';
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
import {
  type ChosenMedia,
  isLayered,
  type Offer,
  REPAIRED_RID_URI,
  RID_URI,
  TRANSPORT_SEQUENCE_URI,
  usesTransportFeedback,
} from '@lianmai/media/sdp';
import type { Publication } from '../hub/ports.ts';
import { Layer, LayerOutput } from './layer.ts';
import { TrackReceiver } from './track-receiver.ts';

export interface WhipPublisherOptions {
  stream: string;
  publication: Publication;
  offer: Offer;
  chosen: readonly ChosenMedia[];
  /** Sends RTCP to the client. */
  send(packet: Buffer): boolean;
  /** Takes the frames of a simulcast picture that is smaller than the stream's: `rank` 1 is the next smaller one. */
  smaller?: { write(rank: number, frame: Frame): void; wanted(rank: number): boolean };
}

/** What the client sends in one m= section. */
interface Section {
  payloadType: number;
  rtxPayloadType: number | null;
  takesNack: boolean;
  /** Header extension ids; undefined when not agreed on. */
  sequenceId: number | undefined;
  ridId: number | undefined;
  repairedRidId: number | undefined;
  /** Sound, or the only picture; the layers of a simulcast picture. */
  receivers: readonly { receiver: TrackReceiver; layer: Layer | null }[];
}

type Source = Section['receivers'][number];

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
/** Sources whose layer is remembered: each layer and its retransmissions, and some change. */
const MOST_SOURCES = 32;

/** The publishing side of a WHIP session: the client's packets become frames of its stream. */
export class WhipPublisher {
  readonly stream: string;
  readonly #publication: Publication;
  readonly #send: WhipPublisherOptions['send'];
  readonly #sections: readonly Section[];
  readonly #sources: readonly Source[];
  readonly #layers: readonly Layer[];
  /** The stream's picture, then the smaller ones. */
  readonly #outputs: readonly LayerOutput[];
  /** Layers by the SSRC of their packets: named by the first ones, not by all. */
  readonly #layerOf = new Map<number, Source>();
  readonly #arrivals = new ArrivalRecorder();
  #nextFeedbackMs = 0;
  #nextReportMs = 0;

  constructor({ stream, publication, offer, chosen, send, smaller }: WhipPublisherOptions) {
    this.stream = stream;
    this.#publication = publication;
    this.#send = send;
    publication.write(announcement(chosen));
    this.#sections = sectionsOf(offer, chosen);
    this.#sources = this.#sections.flatMap(({ receivers }) => receivers);
    this.#layers = this.#sources.flatMap(({ layer }) => layer ?? []);
    this.#outputs = this.#layers.map(
      (_, rank) =>
        new LayerOutput({
          rank,
          write: (frame) => (rank === 0 ? publication.write(frame) : smaller?.write(rank, frame)),
          wanted: () => rank === 0 || (smaller?.wanted(rank) ?? false),
        }),
    );
  }

  /** How many pictures smaller than the stream's there may be. */
  get smallerPictures(): number {
    return Math.max(0, this.#outputs.length - 1);
  }

  /** A decrypted packet; anything unreadable is left out. */
  packet(data: Buffer, nowMs: number): void {
    this.#publication.received(data.length);
    if (isRtcp(data)) return this.#reports(data, nowMs);
    const packet = parseRtpPacket(data);
    if (packet instanceof WireError) return;
    const { payloadType } = packet;
    const section = this.#sections.find((one) => payloadType === one.payloadType || payloadType === one.rtxPayloadType);
    if (!section) return;
    const elements = packet.extension ? readHeaderExtension(packet.extension) : null;
    const extensions = elements instanceof WireError ? null : elements;
    const sequence = section.sequenceId === undefined ? undefined : extensions?.get(section.sequenceId);
    if (sequence?.length === 2) this.#arrivals.arrived(sequence.readUInt16BE(0), nowMs);
    const source = this.#sourceOf(section, packet, extensions);
    if (!source) return;
    if (source.layer) source.layer.packetMs = nowMs;
    if (source.receiver.packet(packet, nowMs)) this.#writeFrames(source, nowMs);
  }

  /** Lets time pass: called every few ms. */
  tick(nowMs: number): void {
    for (const section of this.#sections) for (const source of section.receivers) this.#repair(section, source, nowMs);
    for (const layer of this.#layers)
      if (layer.pixels === 0 && layer.receiver.needsKeyFrame) this.#askForKeyFrame(layer, nowMs, KEY_FRAME_REQUEST_MS);
    for (const { awaited, seen } of this.#outputs) {
      if (awaited) this.#askForKeyFrame(awaited, nowMs, KEY_FRAME_REQUEST_MS);
      else if (seen && nowMs - seen.keyFrameCameMs >= KEY_FRAME_EVERY_MS)
        this.#askForKeyFrame(seen, nowMs, KEY_FRAME_PATIENCE_MS);
    }
    if (nowMs >= this.#nextFeedbackMs) {
      this.#nextFeedbackMs = nowMs + TRANSPORT_FEEDBACK_MS;
      this.#transportFeedback();
    }
    if (nowMs >= this.#nextReportMs) {
      this.#nextReportMs = nowMs + REPORT_MS;
      this.#chooseLayers(nowMs);
      this.#receiverReports(nowMs);
    }
  }

  /**
   * Asks the client for a key frame, for whoever needs one; many wishes at once are one request.
   * @param rank of the picture it is needed of.
   */
  requestKeyFrame(nowMs: number, rank = 0): void {
    const seen = this.#outputs[rank]?.seen;
    for (const layer of seen ? [seen] : this.#layers) this.#askForKeyFrame(layer, nowMs, KEY_FRAME_REQUEST_MS);
  }

  end(reason: EndReason): void {
    this.#publication.end(reason);
  }

  #sourceOf(
    section: Section,
    { ssrc, payloadType }: RtpPacket,
    extensions: ReadonlyMap<number, Buffer> | null,
  ): Source | null {
    const [only] = section.receivers;
    if (section.receivers.length === 1) return only ?? null;
    const known = this.#layerOf.get(ssrc);
    if (known) return known;
    const id = payloadType === section.rtxPayloadType ? section.repairedRidId : section.ridId;
    const rid = id === undefined ? undefined : extensions?.get(id)?.toString('latin1');
    const source = section.receivers.find(({ layer }) => layer?.rid === rid);
    if (!source || this.#layerOf.size >= MOST_SOURCES) return null;
    this.#layerOf.set(ssrc, source);
    return source;
  }

  #repair({ takesNack }: Section, source: Source, nowMs: number): void {
    const { receiver } = source;
    if (!receiver.waiting) return;
    this.#writeFrames(source, nowMs);
    const lost = receiver.requests(nowMs);
    if (lost.length > 0 && receiver.ssrc !== null && takesNack)
      this.#tell([{ kind: 'nack', senderSsrc: OWN_SSRC, mediaSsrc: receiver.ssrc, lost }]);
  }

  #askForKeyFrame(layer: Layer, nowMs: number, patienceMs: number): void {
    const { ssrc } = layer.receiver;
    if (ssrc === null || nowMs - layer.keyFrameAskedMs < patienceMs) return;
    layer.keyFrameAskedMs = nowMs;
    this.#tell([{ kind: 'pictureLoss', senderSsrc: OWN_SSRC, mediaSsrc: ssrc }]);
  }

  #writeFrames({ receiver, layer }: Source, nowMs: number): void {
    for (const frame of receiver.frames(nowMs)) {
      if (frame.track !== 'video' || !layer) {
        this.#publication.write(frame);
        continue;
      }
      const isNews = layer.pixels === 0;
      layer.learn(frame, nowMs);
      if (isNews && layer.pixels > 0) this.#chooseLayers(nowMs);
      for (const output of this.#outputs) output.frame(layer, frame);
    }
  }

  /** Layers come and go with what the client's network carries. */
  #chooseLayers(nowMs: number): void {
    if (this.#layers.length < 2) return;
    const sent = this.#layers.filter((layer) => layer.pixels > 0 && layer.isSent(nowMs));
    const largestFirst = sent.sort((a, b) => b.pixels - a.pixels);
    if (largestFirst.length > 0) for (const output of this.#outputs) output.choose(largestFirst);
  }

  #reports(data: Buffer, nowMs: number): void {
    const packets = parseRtcp(data);
    if (packets instanceof WireError) return;
    for (const packet of packets)
      if (packet.kind === 'senderReport')
        for (const { receiver } of this.#sources) receiver.senderReport(packet, nowMs);
  }

  /** Clients take it only when it names a source of theirs, so it waits for the first one that is known. */
  #transportFeedback(): void {
    const known = this.#sections.find(
      ({ sequenceId, receivers }) =>
        sequenceId !== undefined && receivers.some(({ receiver }) => receiver.ssrc !== null),
    );
    const ssrc = known?.receivers.find(({ receiver }) => receiver.ssrc !== null)?.receiver.ssrc;
    if (ssrc === undefined || ssrc === null) return;
    const feedback = this.#arrivals.take(OWN_SSRC, ssrc);
    if (feedback.length > 0) this.#tell(feedback);
  }

  #receiverReports(nowMs: number): void {
    const reports = this.#sources.flatMap(({ receiver }) => receiver.report(nowMs) ?? []);
    if (reports.length === 0) return;
    const packets: RtcpPacket[] = [{ kind: 'receiverReport', ssrc: OWN_SSRC, reports }];
    const pictures = this.#layers.flatMap(({ receiver }) => receiver.ssrc ?? []);
    if (pictures.length > 0 && this.#sections.every(({ sequenceId }) => sequenceId === undefined))
      packets.push({ kind: 'bitrateEstimate', senderSsrc: OWN_SSRC, bitrate: BITRATE_LIMIT, ssrcs: pictures });
    this.#tell(packets);
  }

  #tell(packets: readonly RtcpPacket[]): void {
    this.#send(writeRtcp(packets));
  }
}

function sectionsOf(offer: Offer, chosen: readonly ChosenMedia[]): Section[] {
  const clock = new SourceClock();
  const tellsArrivals = usesTransportFeedback(offer, chosen);
  return chosen.flatMap(({ mid, codec }) => {
    const offered = offer.media.find((media) => media.mid === mid);
    if (!offered) return [];
    const isSound = codec.name.toLowerCase() === 'opus';
    const { extensions, rids } = offered;
    const names = isLayered(offered) ? rids : [null];
    const receivers = names.map((rid) => {
      const receiver = new TrackReceiver(codec, clock, rid === null ? mid : `${mid} ${rid}`);
      return { receiver, layer: isSound ? null : new Layer(receiver, rid) };
    });
    return {
      payloadType: codec.payloadType,
      rtxPayloadType: codec.rtxPayloadType,
      takesNack: codec.feedback.includes('nack'),
      sequenceId:
        tellsArrivals && codec.feedback.includes('transport-cc') ? extensions.get(TRANSPORT_SEQUENCE_URI) : undefined,
      ridId: extensions.get(RID_URI),
      repairedRidId: extensions.get(REPAIRED_RID_URI),
      receivers,
    };
  });
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
