/** What a WebRTC client offers, checked so that nothing unchecked goes on to native code. */
import { WireError } from '../result.ts';
import { type IceCandidate, parseCandidate } from './candidate.ts';
import { parseSections, type SdpAttribute, type SdpMedia, shown } from './sections.ts';

export interface OfferedCodec {
  payloadType: number;
  /** As written: `H264`, `opus`. */
  name: string;
  /** Hz. */
  clockRate: number;
  channels: number;
  /** By lower-case name. */
  parameters: ReadonlyMap<string, string>;
  /** Such as `nack pli`. */
  feedback: readonly string[];
  /** Payload type of its retransmissions (RFC 4588). */
  rtxPayloadType: number | null;
}

export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface OfferedMedia {
  kind: string;
  mid: string;
  /** The client does not want it (port 0 outside a bundle). */
  rejected: boolean;
  protocol: string;
  formats: readonly string[];
  direction: MediaDirection;
  codecs: readonly OfferedCodec[];
  /** Header extension ids (RFC 8285) by URI. */
  extensions: ReadonlyMap<string, number>;
  /** Of what the client sends, in the offer's order; none for clients that tell by other means. */
  ssrcs: readonly number[];
  /** Retransmission SSRC by the SSRC it repairs. */
  rtxSsrcs: ReadonlyMap<number, number>;
  /** Names of the layers it sends at a time (RFC 8853), in the offer's order; none without simulcast. */
  rids: readonly string[];
}

/** How to reach the client: ICE credentials (RFC 8839 5.4) and its certificate (RFC 8122 5). */
export interface OfferedTransport {
  iceUfrag: string;
  icePwd: string;
  fingerprint: { algorithm: string; value: string };
  setup: 'actpass' | 'active' | 'passive';
  candidates: readonly IceCandidate[];
}

export interface Offer {
  transport: OfferedTransport;
  media: readonly OfferedMedia[];
}

const MOST_MEDIA = 16;
const MOST_CODECS = 128;
const MOST_SSRCS = 32;
const MOST_CANDIDATES = 64;
/** What Chromium sends at most. */
const MOST_LAYERS = 3;
const FINGERPRINT = /^(sha-1|sha-224|sha-256|sha-384|sha-512) ((?:[0-9A-Fa-f]{2}:){19,63}[0-9A-Fa-f]{2})$/i;
const DIGEST_BYTES: Record<string, number> = {
  'sha-1': 20,
  'sha-224': 28,
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
};
const DIRECTIONS = new Set(['sendrecv', 'sendonly', 'recvonly', 'inactive']);

/** ICE characters (RFC 8839 5.4). */
export const ICE_UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
export const ICE_PWD = /^[A-Za-z0-9+/]{22,256}$/;

/** Reads an offer whose media share one transport (BUNDLE with rtcp-mux), as all WebRTC clients of today make it. */
export function parseOffer(text: string): Offer | WireError {
  const sections = parseSections(text);
  if (sections instanceof WireError) return sections;
  const { attributes, media: list } = sections;
  if (list.length === 0) return new WireError('at least one m= section', 'none', text.length);
  if (list.length > MOST_MEDIA) return new WireError(`at most ${MOST_MEDIA} m= sections`, String(list.length));
  const media: OfferedMedia[] = [];
  for (const section of list) {
    const read = parseMedia(section, attributes);
    if (read instanceof WireError) return read;
    if (media.some(({ mid }) => mid === read.mid))
      return new WireError('different mids', shown(read.mid), section.offset);
    media.push(read);
  }
  const bundle = firstValue(attributes, 'group')?.split(' ');
  const bundled = new Set(bundle?.[0] === 'BUNDLE' ? bundle.slice(1) : []);
  if (media.length > 1 && !media.every(({ mid, rejected }) => rejected || bundled.has(mid)))
    return new WireError('all media in one a=group:BUNDLE', shown(bundle?.join(' ') ?? 'none'));
  const transport = parseTransport(attributes, list);
  return transport instanceof WireError ? transport : { transport, media };
}

function parseMedia(section: SdpMedia, session: readonly SdpAttribute[]): OfferedMedia | WireError {
  const { kind, protocol, formats, attributes, offset } = section;
  const mid = firstValue(attributes, 'mid') ?? '';
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(mid))
    return new WireError('a=mid of up to 32 letters and digits', shown(mid), offset);
  const isRtp = kind === 'audio' || kind === 'video';
  const rejected = section.port === 0 && !has(attributes, 'bundle-only');
  if (isRtp && !rejected) {
    if (!/^(UDP\/TLS\/)?RTP\/SAVPF$/.test(protocol)) return new WireError('UDP/TLS/RTP/SAVPF', shown(protocol), offset);
    if (!has(attributes, 'rtcp-mux')) return new WireError('a=rtcp-mux', 'none', offset);
  }
  const codecs = isRtp ? parseCodecs(section) : [];
  if (codecs instanceof WireError) return codecs;
  const extensions = parseExtensions(attributes);
  if (extensions instanceof WireError) return extensions;
  const sources = parseSources(attributes);
  if (sources instanceof WireError) return sources;
  const direction = [...attributes, ...session].find(({ name }) => DIRECTIONS.has(name))?.name ?? 'sendrecv';
  return {
    kind,
    mid,
    rejected,
    protocol,
    formats,
    direction: direction as MediaDirection,
    codecs,
    extensions,
    ...sources,
    rids: parseRids(attributes),
  };
}

function parseCodecs({ formats, attributes, offset }: SdpMedia): OfferedCodec[] | WireError {
  if (formats.length > MOST_CODECS)
    return new WireError(`at most ${MOST_CODECS} formats`, String(formats.length), offset);
  const codecs = new Map<number, OfferedCodec & { parameters: Map<string, string>; feedback: string[] }>();
  for (const { name, value, offset: at } of attributes) {
    if (name !== 'rtpmap') continue;
    const match = /^(\d{1,3}) ([A-Za-z0-9_.-]{1,40})\/(\d{1,9})(?:\/(\d{1,2}))?$/.exec(value);
    const payloadType = Number(match?.[1]);
    if (!match || payloadType > 127) return new WireError('a=rtpmap like "96 VP8/90000"', shown(value), at);
    if (!formats.includes(String(payloadType)) || codecs.has(payloadType)) continue;
    const [, , codec = '', rate = '', channels = '1'] = match;
    codecs.set(payloadType, {
      payloadType,
      name: codec,
      clockRate: Number(rate),
      channels: Number(channels),
      parameters: new Map(),
      feedback: [],
      rtxPayloadType: null,
    });
  }
  for (const { name, value } of attributes) {
    const [type = '', rest = ''] = value.split(/ (.*)/s, 2);
    if (name === 'fmtp') readParameters(rest, codecs.get(Number(type))?.parameters);
    if (name !== 'rtcp-fb') continue;
    for (const codec of type === '*' ? codecs.values() : [codecs.get(Number(type))]) codec?.feedback.push(rest);
  }
  for (const { name, payloadType, parameters } of codecs.values()) {
    const repaired = name.toLowerCase() === 'rtx' ? codecs.get(Number(parameters.get('apt'))) : undefined;
    if (repaired) repaired.rtxPayloadType ??= payloadType;
  }
  return formats.flatMap((format) => codecs.get(Number(format)) ?? []);
}

function readParameters(text: string, into: Map<string, string> | undefined): void {
  for (const part of text.split(';')) {
    const match = /^\s*([A-Za-z0-9_.-]{1,60})=([A-Za-z0-9+/=,._-]{0,400})\s*$/.exec(part);
    if (match) into?.set((match[1] ?? '').toLowerCase(), match[2] ?? '');
  }
}

function parseExtensions(attributes: readonly SdpAttribute[]): Map<string, number> | WireError {
  const extensions = new Map<string, number>();
  for (const { name, value, offset } of attributes) {
    if (name !== 'extmap') continue;
    const match = /^(\d{1,5})(?:\/[a-z]+)? (\S{1,200})(?: .*)?$/.exec(value);
    if (!match) return new WireError('a=extmap like "3 urn:…"', shown(value), offset);
    const id = Number(match[1]);
    if (id >= 1 && id <= 255) extensions.set(match[2] ?? '', id);
  }
  return extensions;
}

function parseSources(attributes: readonly SdpAttribute[]): Pick<OfferedMedia, 'ssrcs' | 'rtxSsrcs'> | WireError {
  const ssrcs = new Set<number>();
  const rtxSsrcs = new Map<number, number>();
  for (const { name, value, offset } of attributes) {
    if (name === 'ssrc') {
      const ssrc = Number(/^(\d{1,10})(?: |$)/.exec(value)?.[1]);
      if (!(ssrc <= 0xffffffff)) return new WireError('a=ssrc with 32 bits', shown(value), offset);
      ssrcs.add(ssrc);
    } else if (name === 'ssrc-group') {
      const [, media, rtx] = /^FID (\d{1,10}) (\d{1,10})$/.exec(value) ?? [];
      if (media !== undefined && rtx !== undefined) rtxSsrcs.set(Number(media), Number(rtx));
    }
    if (ssrcs.size > MOST_SSRCS) return new WireError(`at most ${MOST_SSRCS} SSRCs`, 'more', offset);
  }
  const repairs = new Set(rtxSsrcs.values());
  return { ssrcs: [...ssrcs].filter((ssrc) => !repairs.has(ssrc)), rtxSsrcs };
}

/** Of each layer the first choice, paused or not (RFC 8853 5.1), as far as `a=rid` names it (RFC 8851). */
function parseRids(attributes: readonly SdpAttribute[]): string[] {
  const named = new Set(
    attributes.flatMap(({ name, value }) =>
      name === 'rid' ? (/^([A-Za-z0-9_-]{1,16}) send(?: |$)/.exec(value)?.[1] ?? []) : [],
    ),
  );
  const list = /(?:^| )send ([^ ]+)/.exec(firstValue(attributes, 'simulcast') ?? '')?.[1] ?? '';
  const layers = list.split(';').flatMap((layer) => layer.split(',')[0]?.replace(/^~/, '') ?? []);
  return [...new Set(layers)].filter((rid) => named.has(rid)).slice(0, MOST_LAYERS);
}

/** Of the first media that has it, else of the session; a bundle has one transport (RFC 9143 7.2). */
function parseTransport(session: readonly SdpAttribute[], media: readonly SdpMedia[]): OfferedTransport | WireError {
  const all = [...media.flatMap(({ attributes }) => attributes), ...session];
  const iceUfrag = firstValue(all, 'ice-ufrag') ?? '';
  if (!ICE_UFRAG.test(iceUfrag)) return new WireError('a=ice-ufrag of 4 to 256 characters', shown(iceUfrag));
  const icePwd = firstValue(all, 'ice-pwd') ?? '';
  if (!ICE_PWD.test(icePwd)) return new WireError('a=ice-pwd of 22 to 256 characters', `${icePwd.length} characters`);
  const written = firstValue(all, 'fingerprint') ?? '';
  const [, algorithm = '', value = ''] = FINGERPRINT.exec(written) ?? [];
  if (algorithm === '' || value.split(':').length !== DIGEST_BYTES[algorithm.toLowerCase()])
    return new WireError('a=fingerprint like "sha-256 4D:FA:…"', shown(written));
  const setup = firstValue(all, 'setup') ?? 'actpass';
  if (setup !== 'actpass' && setup !== 'active' && setup !== 'passive')
    return new WireError('a=setup:actpass', shown(setup));
  const candidates = all.filter(({ name }) => name === 'candidate').slice(0, MOST_CANDIDATES);
  return {
    iceUfrag,
    icePwd,
    fingerprint: { algorithm: algorithm.toLowerCase(), value: value.toUpperCase() },
    setup,
    candidates: candidates.flatMap(({ value }) => parseCandidate(`candidate:${value}`) ?? []),
  };
}

const firstValue = (attributes: readonly SdpAttribute[], wanted: string) =>
  attributes.find(({ name }) => name === wanted)?.value;
const has = (attributes: readonly SdpAttribute[], wanted: string) => attributes.some(({ name }) => name === wanted);
