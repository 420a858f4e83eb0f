/**
 * The two descriptions of a session we take part in: the offer as the native transport gets it, reduced to what was checked
 * and chosen, and the answer for the client.
 */
import { type IceCandidate, writeCandidate } from './candidate.ts';
import type { MediaDirection, Offer, OfferedCodec, OfferedMedia } from './offer.ts';

export const TRANSPORT_SEQUENCE_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid';
/** Tells which layer a packet is of, and which one it repairs (RFC 8852 4). */
export const RID_URI = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';
export const REPAIRED_RID_URI = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id';

/** Whether the client sends several layers of this media that we can tell apart. */
export const isLayered = ({ rids, extensions }: OfferedMedia): boolean => rids.length > 1 && extensions.has(RID_URI);

/** An m= section we take part in; the others are rejected. */
export interface ChosenMedia {
  mid: string;
  codec: OfferedCodec;
  /** Ours. */
  direction: 'sendonly' | 'recvonly';
  /** What we send, with its names (RFC 5576 6.1, RFC 8830 2). */
  source: { ssrc: number; cname: string; streamId: string; trackId: string } | null;
}

/** Our end of the transport. */
export interface AnsweringTransport {
  iceUfrag: string;
  icePwd: string;
  fingerprint: { algorithm: string; value: string };
  setup: 'active' | 'passive';
  candidates: readonly IceCandidate[];
}

const OPPOSITE = { sendonly: 'recvonly', recvonly: 'sendonly' } as const satisfies Record<string, MediaDirection>;

/** The end that begins DTLS: the client whenever it leaves us the choice, since it knows first that both are ready. */
export function answeringSetup({ transport }: Offer): 'active' | 'passive' {
  return transport.setup === 'passive' ? 'active' : 'passive';
}

/**
 * Whether arrivals are told packet by packet (the client estimates what its path carries); else it is told a limit by REMB. The choice is
 * one for the session, as the sender's estimate is.
 */
export function usesTransportFeedback({ media }: Offer, chosen: readonly ChosenMedia[]): boolean {
  return chosen.some(
    ({ mid, codec }) =>
      codec.feedback.includes('transport-cc') &&
      media.some((section) => section.mid === mid && section.extensions.has(TRANSPORT_SEQUENCE_URI)),
  );
}

/** The offer written anew from what was understood of it, with the chosen codecs alone. */
export function writeReducedOffer(offer: Offer, given: readonly ChosenMedia[]): string {
  const chosen = inOrderOf(offer, given);
  const { transport, media } = offer;
  const lines = sessionLines(chosen);
  for (const { mid, codec, direction } of chosen) {
    const offered = media.find((section) => section.mid === mid);
    if (!offered) continue;
    const formats = [codec.payloadType, ...(codec.rtxPayloadType === null ? [] : [codec.rtxPayloadType])];
    lines.push(
      ...mediaLines(offered, formats),
      `a=ice-ufrag:${transport.iceUfrag}`,
      `a=ice-pwd:${transport.icePwd}`,
      'a=ice-options:trickle',
      `a=fingerprint:${transport.fingerprint.algorithm} ${transport.fingerprint.value}`,
      `a=setup:${answeringSetup(offer) === 'passive' ? 'active' : 'passive'}`,
      `a=mid:${mid}`,
      `a=${OPPOSITE[direction]}`,
      'a=rtcp-mux',
      ...codecLines(codec, parametersOf(codec)),
      ...sourceLines(offered),
      ...(mid === chosen[0]?.mid ? transport.candidates.map((candidate) => `a=${writeCandidate(candidate)}`) : []),
    );
  }
  return text(lines);
}

/** The bundle's first section is the one whose transport counts (RFC 9143 7.3), so the order is the offer's. */
function inOrderOf({ media }: Offer, chosen: readonly ChosenMedia[]): ChosenMedia[] {
  return media.flatMap(({ mid }) => chosen.find((one) => one.mid === mid) ?? []);
}

function sourceLines({ ssrcs, rtxSsrcs }: OfferedMedia): string[] {
  return ssrcs.flatMap((ssrc) => {
    const rtx = rtxSsrcs.get(ssrc);
    const lines = [`a=ssrc:${ssrc} cname:peer`];
    return rtx === undefined ? lines : [`a=ssrc-group:FID ${ssrc} ${rtx}`, ...lines, `a=ssrc:${rtx} cname:peer`];
  });
}

/** The answer to all of the offer's sections, in its order (RFC 8829 5.3.1). */
export function writeAnswer(
  offer: Offer,
  given: readonly ChosenMedia[],
  transport: AnsweringTransport,
  sessionId: string,
): string {
  const chosen = inOrderOf(offer, given);
  const lines = sessionLines(chosen, sessionId);
  for (const offered of offer.media) {
    const media = chosen.find(({ mid }) => mid === offered.mid);
    if (media)
      lines.push(
        ...answeredLines(offered, media, transport, media === chosen[0], usesTransportFeedback(offer, chosen)),
      );
    else lines.push(...rejectedLines(offered));
  }
  return text(lines);
}

function answeredLines(
  offered: OfferedMedia,
  { codec, direction, source }: ChosenMedia,
  { iceUfrag, icePwd, fingerprint, setup, candidates }: AnsweringTransport,
  isFirst: boolean,
  tellsArrivals: boolean,
): string[] {
  const receives = direction === 'recvonly';
  const rtx = receives ? codec.rtxPayloadType : null;
  const extensionId =
    receives && tellsArrivals && codec.feedback.includes('transport-cc')
      ? offered.extensions.get(TRANSPORT_SEQUENCE_URI)
      : undefined;
  const layered = receives && isLayered(offered);
  const extensions = [
    ...(extensionId === undefined ? [] : [TRANSPORT_SEQUENCE_URI]),
    ...(layered ? [MID_URI, RID_URI, REPAIRED_RID_URI] : []),
  ].flatMap((uri) => (offered.extensions.has(uri) ? [`a=extmap:${offered.extensions.get(uri)} ${uri}`] : []));
  const wanted = new Set(['nack', 'nack pli', 'ccm fir', extensionId === undefined ? 'goog-remb' : 'transport-cc']);
  return [
    ...mediaLines(offered, rtx === null ? [codec.payloadType] : [codec.payloadType, rtx]),
    `a=ice-ufrag:${iceUfrag}`,
    `a=ice-pwd:${icePwd}`,
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    `a=setup:${setup}`,
    `a=mid:${offered.mid}`,
    ...extensions,
    `a=${direction}`,
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...codecLines({ ...codec, rtxPayloadType: rtx }, answeredParameters(codec, receives)),
    ...codec.feedback.filter((kind) => wanted.has(kind)).map((kind) => `a=rtcp-fb:${codec.payloadType} ${kind}`),
    ...(source
      ? [
          `a=msid:${source.streamId} ${source.trackId}`,
          `a=ssrc:${source.ssrc} cname:${source.cname}`,
          `a=ssrc:${source.ssrc} msid:${source.streamId} ${source.trackId}`,
        ]
      : []),
    ...(layered
      ? [...offered.rids.map((rid) => `a=rid:${rid} recv`), `a=simulcast:recv ${offered.rids.join(';')}`]
      : []),
    ...(isFirst ? [...candidates.map((candidate) => `a=${writeCandidate(candidate)}`), 'a=end-of-candidates'] : []),
  ];
}

/** RFC 8829 5.3.1: a rejected section keeps its place, with port 0. */
function rejectedLines({ kind, protocol, formats, mid }: OfferedMedia): string[] {
  return [`m=${kind} 0 ${protocol} ${formats.join(' ')}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`, 'a=inactive'];
}

function sessionLines(chosen: readonly ChosenMedia[], sessionId = '0'): string[] {
  return [
    'v=0',
    `o=- ${sessionId} 2 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${chosen.map(({ mid }) => mid).join(' ')}`,
    'a=msid-semantic: WMS *',
  ];
}

function mediaLines({ kind, protocol }: OfferedMedia, formats: readonly number[]): string[] {
  return [`m=${kind} 9 ${protocol} ${formats.join(' ')}`, 'c=IN IP4 0.0.0.0', 'a=rtcp:9 IN IP4 0.0.0.0'];
}

function codecLines(codec: OfferedCodec, parameters: readonly string[]): string[] {
  const { payloadType, name, clockRate, channels, rtxPayloadType } = codec;
  const lines = [`a=rtpmap:${payloadType} ${name}/${clockRate}${channels > 1 ? `/${channels}` : ''}`];
  if (parameters.length > 0) lines.push(`a=fmtp:${payloadType} ${parameters.join(';')}`);
  if (rtxPayloadType === null) return lines;
  return [...lines, `a=rtpmap:${rtxPayloadType} rtx/${clockRate}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`];
}

const parametersOf = ({ parameters }: OfferedCodec) => [...parameters].map(([name, value]) => `${name}=${value}`);

/**
 * Where libwebrtc begins, kbit/s. Left alone it begins at 300 with a small picture, and stays there for long: so small a picture needs no
 * more, and a sender that needs no more does not find out that it could send more.
 */
const START_KBPS = '600';

/** What we take: any level the client can send (RFC 6184 8.2.2), stereo and error correction in Opus (RFC 7587 6.1). */
function answeredParameters(codec: OfferedCodec, receives: boolean): string[] {
  const parameters = new Map(codec.parameters);
  const profile = parameters.get('profile-level-id');
  if (receives && profile !== undefined && parameters.get('level-asymmetry-allowed') === '1')
    parameters.set('profile-level-id', `${profile.slice(0, 4)}34`);
  const isSound = codec.name.toLowerCase() === 'opus';
  if (receives && !isSound) parameters.set('x-google-start-bitrate', START_KBPS);
  if (receives && isSound) {
    parameters.set('stereo', '1');
    parameters.set('useinbandfec', '1');
  }
  return parametersOf({ ...codec, parameters });
}

const text = (lines: readonly string[]) => `${lines.join('\r\n')}\r\n`;
