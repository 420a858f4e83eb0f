import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { LiveError } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { HubPort } from '../hub/ports.ts';
import { Content } from './content.ts';
import { HlsDirectory, type OtherWorker } from './directory.ts';
import { Guests } from './guests.ts';
import { type MediaFile, PLAYLIST_NAME } from './hls-file.ts';
import { directivesQuery, type HlsRequest, parseHlsRequest } from './hls-request.ts';
import { LocalPackagers, PackagedElsewhere, type PackagedStream } from './local-packagers.ts';
import { RemotePackagers, WorkerUnreachable } from './remote.ts';
import { playlistReply, type Reply, sendReply } from './reply.ts';
import { queryOf } from './signature-query.ts';

export interface HlsServerOptions {
  bus: Bus;
  hub: HubPort;
  workerId: string;
  settings: Pick<Settings, 'hlsSegmentMs' | 'hlsPartMs' | 'hlsWindow' | 'viewerStallMs'>;
  log: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;
  /** Unix time, ms; must not go back. */
  now?(): number;
}

/** A request below `/live/` that is HLS's: `{stream}.m3u8` (`file` null) or `{stream}/{file}`. */
export interface HlsRoute {
  stream: string;
  file: string | null;
  /** Raw, without `?`. */
  query: string;
  /** From another worker, which has checked the play policy; it is answered here or not at all. */
  internal: boolean;
}

interface Asked {
  route: HlsRoute;
  ip: string;
  asked: HlsRequest;
  response: ServerResponse;
}

const TICK_MS = 1000;
const NEWS_MS = 250;
/** Stands for the session in multivariant playlists that workers give each other. */
const ANY_SESSION = 'SESSION';
/** Where workers tell each other of their viewers. */
const AUDIENCE_FILE = 'audience';

/**
 * Plays streams by HLS and LL-HLS. One worker packages a stream; this one does it itself or fetches from the one that does,
 * so that a viewer may come to any worker.
 */
export class HlsServer {
  readonly #options: HlsServerOptions;
  readonly #now: () => number;
  readonly #directory: HlsDirectory;
  readonly #local: LocalPackagers;
  readonly #remote = new RemotePackagers();
  readonly #guests = new Guests();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: HlsServerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.#directory = new HlsDirectory(options.bus, this.#now);
    this.#local = new LocalPackagers({ ...options, now: this.#now });
  }

  /** Learns who has which stream, and lets time pass. */
  async start(): Promise<void> {
    await this.join();
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** {@link start} without the clock: whoever calls this calls {@link tick} too. */
  join(): Promise<void> {
    return this.#directory.start((stream) => this.#local.published(stream));
  }

  /**
   * Answers a request; the caller has set CORS headers and let only GET and HEAD through.
   * @throws LiveError what to tell the client instead: NOT_FOUND, STREAM_NOT_LIVE, BAD_SIGNATURE, BAD_REQUEST, UNAVAILABLE.
   */
  async handle(request: IncomingMessage, response: ServerResponse, route: HlsRoute): Promise<void> {
    const { stream, file, query, internal } = route;
    if (internal && file === AUDIENCE_FILE) return this.#hearOfGuests(stream, query, response);
    const ip = request.socket.remoteAddress ?? '';
    const asked = parseHlsRequest(file, query);
    if (!internal) this.#directory.check(stream, query, ip);
    const reply = await this.#answer({ route, ip, asked, response }).catch((error) => {
      throw moving(error);
    });
    const bytes = sendReply(request, response, reply, this.#options.settings.viewerStallMs);
    if (!internal) this.#countViewer(stream, asked, reply, bytes);
  }

  /** Requests that are held here until there is an answer. */
  get waiting(): number {
    return this.#local.waiting;
  }

  /** Lets time pass: called about once a second. */
  tick(): void {
    const nowMs = this.#now();
    this.#local.sweep(nowMs);
    this.#directory.sweep(nowMs);
    this.#guests.sweep(nowMs, (stream, viewers, bytes) => {
      const owner = this.#directory.owner(stream);
      const worker = owner === null || owner === this.#options.workerId ? null : this.#directory.reach(owner);
      const query = `worker=${this.#options.workerId}&viewers=${viewers}&bytes=${bytes}`;
      if (worker) this.#remote.tell(worker, `/live/${stream}/${AUDIENCE_FILE}?${query}`);
    });
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#directory.close();
    this.#local.close();
    this.#remote.close();
  }

  /** From here or from the worker that packages the stream; asked again once when that has just changed. */
  async #answer(asked: Asked): Promise<Reply> {
    try {
      return await this.#answerOnce(asked, null);
    } catch (error) {
      if (error instanceof PackagedElsewhere) return this.#answerOnce(asked, error.worker);
      if (!(error instanceof WorkerUnreachable)) throw error;
    }
    // A worker that died is known to be gone in a moment.
    await setTimeout(NEWS_MS);
    return this.#answerOnce(asked, null);
  }

  /** @param packagedBy the worker that has the stream, when that is newer than the directory. */
  async #answerOnce({ route, ip, asked, response }: Asked, packagedBy: string | null): Promise<Reply> {
    const { stream, query, internal } = route;
    const { workerId } = this.#options;
    if (asked.kind === 'media') {
      const reply = await this.#localMedia(stream, asked.file, response);
      if (reply) return reply;
    }
    const packaged = this.#local.get(stream);
    const owner = packaged ? workerId : (packagedBy ?? this.#directory.owner(stream) ?? workerId);
    if (owner !== workerId) {
      const worker = this.#directory.reach(owner);
      if (internal || !worker) throw unavailable();
      return this.#answerFrom(worker, stream, asked);
    }
    if (asked.kind === 'media') throw new LiveError('NOT_FOUND', 'this part of the stream is not there any more');
    return this.#answerHere(packaged ?? (await this.#local.open(stream, query, ip)), asked, route, response);
  }

  async #localMedia(stream: string, file: MediaFile, client: ServerResponse): Promise<Reply | null> {
    for (const { packager } of this.#local.havingMedia(stream)) {
      const reply = await packager.media(file, client);
      if (reply) return reply;
    }
    return null;
  }

  async #answerHere(
    packaged: PackagedStream,
    asked: Exclude<HlsRequest, { kind: 'media' }>,
    { internal }: HlsRoute,
    client: ServerResponse,
  ): Promise<Reply> {
    packaged.lastAskedMs = this.#now();
    if (asked.kind === 'playlist')
      return packaged.packager.playlist(asked.directives, queryOf(asked.signature), client);
    const query = queryOf(`session=${internal ? ANY_SESSION : newSession()}`, asked.signature);
    return playlistReply(Content.text(await packaged.packager.multivariant(query, client)), 0);
  }

  async #answerFrom(worker: OtherWorker, stream: string, asked: HlsRequest): Promise<Reply> {
    switch (asked.kind) {
      case 'media':
        return this.#remote.media(worker, `/live/${stream}/${asked.name}`);
      case 'playlist': {
        const query = queryOf(directivesQuery(asked.directives), asked.signature);
        return this.#remote.playlist(worker, `/live/${stream}/${PLAYLIST_NAME}${query}`);
      }
      case 'multivariant': {
        const reply = await this.#remote.playlist(worker, `/live/${stream}.m3u8${queryOf(asked.signature)}`);
        const text = reply.content.toString().replace(`session=${ANY_SESSION}`, `session=${newSession()}`);
        return { ...reply, content: Content.text(text) };
      }
    }
  }

  #countViewer(stream: string, asked: HlsRequest, reply: Reply, bytes: number): void {
    const session = asked.kind === 'playlist' ? asked.session : null;
    const packaged = this.#local.get(stream);
    if (packaged) {
      packaged.live.countSent('hls', bytes);
      if (session !== null) packaged.audience.seen(session, this.#now() + packaged.packager.patienceMs);
    } else {
      this.#guests.sent(stream, bytes);
      if (session !== null) this.#guests.seen(stream, session, this.#now() + patienceMs(reply));
    }
  }

  /** `?worker=&viewers=&bytes=` */
  #hearOfGuests(stream: string, query: string, response: ServerResponse): void {
    const packaged = this.#local.get(stream);
    const parameters = new URLSearchParams(query);
    if (packaged) {
      const untilMs = this.#now() + packaged.packager.patienceMs;
      packaged.audience.seenElsewhere(parameters.get('worker') ?? '', Number(parameters.get('viewers')), untilMs);
      packaged.live.countSent('hls', Number(parameters.get('bytes')));
    }
    response.writeHead(200, { 'content-length': 0 }).end();
  }
}

const newSession = (): string => randomBytes(9).toString('base64url');

const unavailable = () => new LiveError('UNAVAILABLE', 'the stream is moving to another worker: try again in a second');

/** What a client is told when the stream's worker could not be found out in time. */
function moving(error: unknown): unknown {
  return error instanceof WorkerUnreachable || error instanceof PackagedElsewhere ? unavailable() : error;
}

/** As the packager's own, from what its playlist says. */
function patienceMs(playlist: Reply): number {
  const head = playlist.content.chunks[0]?.toString('latin1', 0, 200) ?? '';
  return 3000 * Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(head)?.[1] ?? 2) + 4000;
}
