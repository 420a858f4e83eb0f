import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type EndReason, LiveError } from '@lianmai/contract';
import { type ChosenMedia, chooseAudio, chooseVideoToReceive, type Offer } from '@lianmai/media/sdp';
import { initLogger } from 'node-datachannel';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { LiveStreamImpl } from '../hub/live-stream.ts';
import type { HubPort, PlayOptions, Publication } from '../hub/ports.ts';
import type { LiveStream } from '../hub/sink.ts';
import type { ConnectionLimits } from '../limits.ts';
import { KeyFrameWishes } from './key-frame-wishes.ts';
import { Pacer } from './pacer.ts';
import { Peer, type PeerEvents } from './peer.ts';
import { chooseToPlay, playableTracks, wantedTracks } from './playable.ts';
import { RtcSession } from './session.ts';
import { SmallerPictures, type SmallerPicturesOptions } from './smaller-pictures.ts';
import { TrackSender } from './track-sender.ts';
import { WhepFanout } from './whep-fanout.ts';
import { WhepViewer, type WhepViewerOptions } from './whep-viewer.ts';
import { WhipPublisher } from './whip-publisher.ts';

export interface RtcServerOptions {
  hub: HubPort;
  bus: Bus;
  /** `edge-1`: its number is added to the port. */
  workerId: string;
  settings: Pick<Settings, 'host' | 'rtcPort' | 'publicHost'>;
  limits: Pick<ConnectionLimits, 'admit' | 'release'>;
  /** Of streams as they are published, wherever. */
  published: Pick<SmallerPicturesOptions, 'holder' | 'address' | 'gopCacheBytes' | 'traffic'>;
  log: Pick<Logger, 'info' | 'warn' | 'debug'>;
  /** Unix time, ms; must not go back. */
  now(): number;
}

export interface RtcRequest {
  stream: string;
  /** Raw query, without `?`. */
  query: string;
  ip: string;
  offer: Offer;
}

/** A session that has begun, and the answer for its client. */
export interface RtcStarted {
  session: RtcSession;
  answer: string;
}

interface Agreed {
  offer: Offer;
  chosen: readonly ChosenMedia[];
  /** Gives the session's place back. */
  release(): void;
}

interface SessionEvents extends PeerEvents {
  /** Once, whatever ended it. */
  over(reason: EndReason): void;
}

const PUBLISHER_TICK_MS = 10;
const SECOND_MS = 1000;

/** The WebRTC sessions of one worker: all on one UDP port, publishers and viewers. */
export class RtcServer {
  readonly #options: RtcServerOptions;
  readonly #sessions = new Map<string, RtcSession>();
  /** By session id. */
  readonly #publishers = new Map<string, WhipPublisher>();
  readonly #fanouts = new Map<LiveStream, WhepFanout>();
  readonly #pacer = new Pacer();
  readonly #wishes: KeyFrameWishes;
  readonly #smaller: SmallerPictures;
  #bindAddress: string | null = null;
  #publicAddress: string | null = null;
  #publisherTimer: NodeJS.Timeout | null = null;
  #secondTimer: NodeJS.Timeout | null = null;
  #unsubscribe: Unsubscribe | null = null;
  #closed = false;

  constructor(options: RtcServerOptions) {
    this.#options = options;
    const { published, workerId, log, now, bus } = options;
    this.#wishes = new KeyFrameWishes((stream, picture) => bus.publish('stream.key-frame', { stream, picture }));
    this.#smaller = new SmallerPictures({ ...published, workerId, log, now });
  }

  /** The UDP port of all its peers. */
  get port(): number {
    const { workerId, settings } = this.#options;
    return settings.rtcPort + Number(/(\d+)$/.exec(workerId)?.[1] ?? 0);
  }

  async start(): Promise<void> {
    const { settings, bus, log, now } = this.#options;
    initLogger('Error', (level, message) => log.debug({ level }, `native WebRTC: ${message}`));
    this.#bindAddress = /^(0\.0\.0\.0|::|)$/.test(settings.host) ? null : await this.#resolve(settings.host);
    this.#publicAddress = await this.#resolve(settings.publicHost);
    this.#unsubscribe = bus.subscribe('stream.key-frame', ({ stream, picture = 0 }) =>
      this.#publisherOf(stream)?.requestKeyFrame(now(), picture),
    );
    this.#secondTimer = setInterval(() => this.#second(), SECOND_MS);
  }

  /**
   * A smaller picture of a publisher of this worker, for the relay to other workers; null when that is not what is asked for.
   * @throws LiveError NOT_PLAYABLE when the publisher sends none such.
   */
  relayed(name: string): LiveStreamImpl | null {
    return SmallerPictures.isName(name) ? this.#smaller.find(name) : null;
  }

  session(id: string): RtcSession | null {
    return this.#sessions.get(id) ?? null;
  }

  /**
   * Lets a client publish.
   * @throws LiveError of {@link HubPort.publish}; NOT_PLAYABLE when no codec fits; TOO_MANY_CONNECTIONS, UNAVAILABLE.
   */
  async publish({ stream, query, ip, offer }: RtcRequest): Promise<RtcStarted> {
    const chosen = chooseToReceive(offer);
    const release = this.#admit(ip);
    let session: RtcSession | null = null;
    const onRevoked = (reason: EndReason) => session?.end(reason);
    try {
      const publication = await this.#options.hub.publish({ stream, query, protocol: 'whip', ip, onRevoked });
      session = this.#openPublisher(stream, publication, { offer, chosen, release });
      return await this.#answer(session);
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Lets a client watch.
   * @throws LiveError of {@link HubPort.play}; NOT_PLAYABLE when WebRTC cannot carry the stream; TOO_MANY_CONNECTIONS, UNAVAILABLE.
   */
  async play({ stream, query, ip, offer }: RtcRequest): Promise<RtcStarted> {
    const { hub } = this.#options;
    const release = this.#admit(ip);
    try {
      const options: PlayOptions = { stream, query, protocol: 'whep', ip, tracks: wantedTracks(offer) };
      const live = await hub.play(options);
      if (live.state === 'ended') throw new LiveError('STREAM_NOT_LIVE', `"${stream}" has just ended`);
      const tracks = playableTracks(live);
      const chosen = chooseToPlay(offer, tracks);
      let viewer: WhepViewer | null = null;
      let forget: (() => void) | null = null;
      const session: RtcSession = this.#open(
        'whep',
        stream,
        { offer, chosen, release },
        {
          connected: () => {
            if (live.state === 'ended') session.end('unpublished');
            else if (viewer) this.#fanout(live).add(viewer);
          },
          packet: (data) => viewer?.packet(data),
          closed: () => session.end('vanished'),
          over: () => {
            forget?.();
            if (viewer) this.#fanouts.get(live)?.remove(viewer);
          },
        },
      );
      const videoCodec = tracks.video?.codec ?? null;
      const missesVideo = videoCodec === null && options.tracks?.includes('video') === true;
      viewer = this.#viewer(live, chosen, session, { videoCodec, missesVideo });
      session.state = () => viewer?.state ?? null;
      forget = hub.admit(options, () => session.end('forbidden'));
      return await this.#answer(session);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Ends all sessions. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe?.();
    if (this.#secondTimer) clearInterval(this.#secondTimer);
    for (const session of [...this.#sessions.values()]) session.end('shutdown');
    this.#watchPublishers();
    this.#smaller.close();
    this.#pacer.close();
  }

  /** @returns what gives the place back, once however often it is called. */
  #admit(ip: string): () => void {
    const { limits } = this.#options;
    if (this.#closed) throw shuttingDown();
    if (!limits.admit(ip)) throw new LiveError('TOO_MANY_CONNECTIONS', 'too many connections: try again later');
    let admitted = true;
    return () => {
      if (admitted) limits.release(ip);
      admitted = false;
    };
  }

  #openPublisher(stream: string, publication: Publication, agreed: Agreed): RtcSession {
    let publisher: WhipPublisher | null = null;
    try {
      const session: RtcSession = this.#open('whip', stream, agreed, {
        connected: () => {},
        packet: (data) => publisher?.packet(data, this.#options.now()),
        closed: () => session.clientClosed(),
        over: (reason) => {
          this.#publishers.delete(session.id);
          if (publisher) this.#smaller.end(publisher);
          publication.end(reason);
          this.#watchPublishers();
        },
      });
      const { offer, chosen } = agreed;
      const send = (packet: Buffer) => session.peer.send(packet);
      const made: WhipPublisher = new WhipPublisher({
        stream,
        publication,
        offer,
        chosen,
        send,
        smaller: {
          write: (rank, frame) => this.#smaller.write(made, rank, frame),
          wanted: (rank) => this.#smaller.wanted(made, rank),
        },
      });
      publisher = made;
      this.#smaller.begin(made, publication.stream);
      this.#publishers.set(session.id, made);
      this.#watchPublishers();
      return session;
    } catch (error) {
      publication.end('unpublished');
      throw error;
    }
  }

  /** @throws LiveError UNAVAILABLE. */
  #open(
    kind: RtcSession['kind'],
    stream: string,
    { offer, chosen, release }: Agreed,
    events: SessionEvents,
  ): RtcSession {
    if (this.#closed) throw shuttingDown();
    const id = crypto.randomUUID().replaceAll('-', '');
    const { log, now } = this.#options;
    const peer = new Peer({
      name: id,
      port: this.port,
      bindAddress: this.#bindAddress,
      publicAddress: this.#publicAddress,
      offer,
      chosen,
      events,
    });
    const session = new RtcSession({
      id,
      kind,
      stream,
      peer,
      iceUfrag: offer.transport.iceUfrag,
      startedMs: now(),
      over: (reason) => {
        this.#sessions.delete(id);
        release();
        events.over(reason);
        log.debug({ stream, kind, session: id, reason }, 'WebRTC session ended');
      },
    });
    this.#sessions.set(id, session);
    return session;
  }

  async #answer(session: RtcSession): Promise<RtcStarted> {
    try {
      const answer = await session.peer.answer(String(Math.floor(session.startedMs)));
      return { session, answer };
    } catch (error) {
      session.end('unpublished');
      throw error;
    }
  }

  #viewer(
    stream: LiveStream,
    chosen: readonly ChosenMedia[],
    session: RtcSession,
    agreed: Pick<WhepViewerOptions, 'videoCodec' | 'missesVideo'>,
  ): WhepViewer {
    const { peer } = session;
    const send = (packet: Buffer) => peer.send(packet);
    const sender = (trackId: string) => {
      const media = chosen.find(({ source }) => source?.trackId === trackId);
      if (!media?.source) return null;
      const { codec, source } = media;
      return new TrackSender({ ssrc: source.ssrc, payloadType: codec.payloadType, send });
    };
    return new WhepViewer({
      stream,
      pacer: this.#pacer,
      ...agreed,
      video: sender('video'),
      audio: sender('audio'),
      needKeyFrame: (rank) => this.#needKeyFrame(stream.source, rank),
      changePicture: (viewer, rank) => void this.#changePicture(viewer, stream, rank),
      now: this.#options.now,
      close: () => session.end('unpublished'),
    });
  }

  #fanout(stream: LiveStream): WhepFanout {
    const there = this.#fanouts.get(stream);
    if (there) return there;
    const { now } = this.#options;
    const onEmpty = () => this.#fanouts.delete(stream);
    const fanout = new WhepFanout({ stream, pacer: this.#pacer, now, onEmpty });
    this.#fanouts.set(stream, fanout);
    return fanout;
  }

  #needKeyFrame(stream: string, picture: number): void {
    const nowMs = this.#options.now();
    const publisher = this.#publisherOf(stream);
    if (publisher) publisher.requestKeyFrame(nowMs, picture);
    else this.#wishes.wish(stream, picture, nowMs);
  }

  async #changePicture(viewer: WhepViewer, stream: LiveStream, rank: number): Promise<void> {
    const { log } = this.#options;
    try {
      const source = rank === 0 ? stream : await this.#smaller.of(stream, rank);
      if (!this.#fanouts.get(stream)?.has(viewer) || source.state === 'ended') return;
      viewer.watch(this.#fanout(source), rank);
      log.debug({ stream: stream.name, picture: rank }, 'a WebRTC viewer changes to another picture');
    } catch (error) {
      viewer.stay();
      if (!(error instanceof LiveError)) throw error;
    }
  }

  #publisherOf(stream: string): WhipPublisher | null {
    for (const publisher of this.#publishers.values()) if (publisher.stream === stream) return publisher;
    return null;
  }

  /** The clock of the publishers runs only while there are some. */
  #watchPublishers(): void {
    if (this.#publishers.size > 0) {
      this.#publisherTimer ??= setInterval(() => {
        const nowMs = this.#options.now();
        for (const publisher of this.#publishers.values()) publisher.tick(nowMs);
      }, PUBLISHER_TICK_MS);
    } else if (this.#publisherTimer) {
      clearInterval(this.#publisherTimer);
      this.#publisherTimer = null;
    }
  }

  #second(): void {
    for (const fanout of [...this.#fanouts.values()]) fanout.report();
    this.#smaller.tick();
    this.#wishes.tick(this.#options.now());
    for (const session of [...this.#sessions.values()]) session.second();
  }

  async #resolve(host: string): Promise<string | null> {
    if (isIP(host) !== 0) return host;
    try {
      return (await lookup(host)).address;
    } catch (error) {
      this.#options.log.warn(
        { err: error, host },
        'this host has no address: WebRTC announces those of the interfaces',
      );
      return null;
    }
  }
}

/**
 * The first picture and the first sound the client sends, in codecs we take.
 * @throws LiveError NOT_PLAYABLE, BAD_REQUEST.
 */
function chooseToReceive({ media }: Offer): ChosenMedia[] {
  const sent = media.filter(({ rejected, direction }) => !rejected && /^send/.test(direction));
  const audio = sent.find(({ kind }) => kind === 'audio');
  const video = sent.find(({ kind }) => kind === 'video');
  const chosen = [audio, video].flatMap((section): ChosenMedia[] => {
    const codec = section && (section.kind === 'audio' ? chooseAudio(section) : chooseVideoToReceive(section));
    return section && codec ? [{ mid: section.mid, codec, direction: 'recvonly', source: null }] : [];
  });
  if (chosen.length === 0)
    throw new LiveError('NOT_PLAYABLE', 'the offer sends neither H.264 nor VP8 video nor Opus audio');
  return chosen;
}

const shuttingDown = () => new LiveError('UNAVAILABLE', 'this server is shutting down: try again to reach another one');
