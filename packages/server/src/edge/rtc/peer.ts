import { LiveError } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import {
  answeringSetup,
  type ChosenMedia,
  type IceCandidate,
  type Offer,
  parseOffer,
  writeAnswer,
  writeCandidate,
  writeReducedOffer,
} from '@lianmai/media/sdp';
import { Audio, PeerConnection, type Track, Video } from 'node-datachannel';

export interface PeerOptions {
  /** For the native library's log. */
  name: string;
  /** UDP port shared by all peers of the worker. */
  port: number;
  /** Address to bind to; null for all. */
  bindAddress: string | null;
  /** Announced beside the addresses of the machine's interfaces; null when it is not known. */
  publicAddress: string | null;
  offer: Offer;
  chosen: readonly ChosenMedia[];
  events: PeerEvents;
}

export interface PeerEvents {
  /** ICE and DTLS are done, and {@link Peer.send} takes packets. */
  connected(): void;
  /** An RTP or RTCP packet, decrypted, of any of the m= sections: they share one transport. */
  packet(data: Buffer): void;
  /** The connection is gone, by itself or by the client. Not after {@link Peer.close}. */
  closed(): void;
}

const GATHER_WITHIN_MS = 3000;
/** RFC 8839 5.1.2.1: the type preference of host candidates, above those of the interfaces. */
const PUBLIC_PRIORITY = 2_130_706_431;

/**
 * One WebRTC connection of the native transport (ICE, DTLS, SRTP). It gets nothing the client wrote but what was read and
 * checked; RTP and RTCP are ours.
 */
export class Peer {
  readonly #events: PeerEvents;
  /** Of the section whose transport all share. */
  readonly #firstMid: string;
  /** Until the answer is written: an offer is large. */
  #agreed: Omit<PeerOptions, 'name' | 'events'> | null;
  readonly #connection: PeerConnection;
  /**
   * The library's only track, for all m= sections: it would take two apart by a=ssrc, which simulcast has none of. Payload types tell
   * them apart as well (RFC 8843 9.1).
   */
  #track: Track | null = null;
  #state: 'new' | 'connected' | 'closed' = 'new';
  /** Ends the wait for the addresses of our end, while there is one. */
  #abandonGathering = () => {};

  /** @throws LiveError UNAVAILABLE when the native transport refuses. */
  constructor(options: PeerOptions) {
    const { name, port, bindAddress, events } = options;
    this.#agreed = options;
    this.#events = events;
    const isChosen = ({ mid }: { mid: string }) => options.chosen.some((media) => media.mid === mid);
    this.#firstMid = options.offer.media.find(isChosen)?.mid ?? '';
    this.#connection = native(
      () =>
        new PeerConnection(name, {
          iceServers: [],
          enableIceUdpMux: true,
          portRangeBegin: port,
          portRangeEnd: port,
          ...(bindAddress === null ? {} : { bindAddress }),
        }),
    );
  }

  get connected(): boolean {
    return this.#state === 'connected';
  }

  /**
   * Takes the offer and resolves with the answer.
   * @throws LiveError UNAVAILABLE, also when the peer is closed meanwhile.
   */
  async answer(sessionId: string): Promise<string> {
    const agreed = this.#agreed;
    if (agreed === null) throw new Error('an offer is answered once');
    const { offer, chosen } = agreed;
    const events = this.#events;
    try {
      const first = chosen.find(({ mid }) => mid === this.#firstMid);
      if (!first) throw new Error('nothing was chosen of the offer');
      const track = native(() => this.#connection.addTrack(description(first)));
      track.onMessage((data) => this.#state !== 'closed' && events.packet(data));
      // The connection says that it is up before its track takes packets: those sent in between are refused.
      track.onOpen(() => this.#opened());
      this.#track = track;
      this.#connection.onStateChange((state) => this.#changed(state));
      await this.#gathered(() => this.#connection.setRemoteDescription(writeReducedOffer(offer, [first]), 'offer'));
      return this.#writeAnswer(agreed, sessionId);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#agreed = null;
    }
  }

  addCandidates(candidates: readonly IceCandidate[]): void {
    if (this.#state === 'closed') return;
    for (const candidate of candidates)
      native(() => this.#connection.addRemoteCandidate(`a=${writeCandidate(candidate)}`, this.#firstMid));
  }

  /** Sends an RTP or RTCP packet; copied at once, so the buffer may be used again. @returns whether it was taken. */
  send(packet: Buffer): boolean {
    if (this.#state !== 'connected' || this.#track === null) return false;
    try {
      return this.#track.sendMessageBinary(packet);
    } catch {
      return false; // it closed a moment ago: the event is on its way
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#abandonGathering();
    // A track that is not closed by itself keeps its callbacks, and them what they hold, for ever.
    this.#track?.close();
    this.#track = null;
    this.#connection.close();
  }

  #opened(): void {
    if (this.#state !== 'new') return;
    this.#state = 'connected';
    this.#events.connected();
  }

  #changed(state: string): void {
    if (this.#state === 'closed' || !/^(disconnected|failed|closed)$/.test(state)) return;
    this.close();
    this.#events.closed();
  }

  /** @param begin what the native library finds out the addresses of our end by. */
  async #gathered(begin: () => void): Promise<void> {
    const connection = this.#connection;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = setTimeout(() => {
      // It may be our own event loop that is late.
      if (connection.gatheringState() === 'complete') resolve();
      else reject(new LiveError('UNAVAILABLE', 'the server could not open its WebRTC port: try again'));
    }, GATHER_WITHIN_MS);
    this.#abandonGathering = () => reject(new LiveError('UNAVAILABLE', 'the session was ended before it began'));
    connection.onGatheringStateChange((state) => state === 'complete' && resolve());
    try {
      native(begin);
      await promise;
    } finally {
      clearTimeout(late);
      this.#abandonGathering = () => {};
    }
  }

  #writeAnswer(
    { offer, chosen, port, publicAddress }: Omit<PeerOptions, 'name' | 'events'>,
    sessionId: string,
  ): string {
    const local = parseOffer(this.#connection.localDescription()?.sdp ?? '');
    if (local instanceof WireError) throw new Error(`the native transport answered ${local.message}`);
    const { candidates } = local.transport;
    const announced =
      publicAddress === null || candidates.some(({ address }) => address === publicAddress)
        ? candidates
        : [publicCandidate(publicAddress, port), ...candidates];
    const setup = answeringSetup(offer);
    return writeAnswer(offer, chosen, { ...local.transport, setup, candidates: announced }, sessionId);
  }
}

const publicCandidate = (address: string, port: number): IceCandidate => ({
  foundation: '99',
  priority: PUBLIC_PRIORITY,
  address,
  port,
  type: 'host',
});

function description({ mid, codec, direction, source }: ChosenMedia): Audio | Video {
  const way = direction === 'sendonly' ? 'SendOnly' : 'RecvOnly';
  const parameters = [...codec.parameters].map(([name, value]) => `${name}=${value}`).join(';');
  const isAudio = codec.name.toLowerCase() === 'opus';
  const media = isAudio ? new Audio(mid, way) : new Video(mid, way);
  if (media instanceof Audio) media.addAudioCodec(codec.payloadType, codec.name, parameters);
  else media.addVideoCodec(codec.payloadType, codec.name, parameters);
  if (source) media.addSSRC(source.ssrc, source.cname, source.streamId, source.trackId);
  return media;
}

/** Errors of the native library as one the client can be told. */
function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new LiveError('UNAVAILABLE', `the WebRTC transport refused: ${(error as Error).message}`);
  }
}
