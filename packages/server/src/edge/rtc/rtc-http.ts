import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { LiveError, leases, type WorkerInfo } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import { parseIceFragment, parseOffer } from '@lianmai/media/sdp';
import { iceServersFor } from '../../auth/turn-credentials.ts';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { Settings } from '../../settings/settings.ts';
import { allowMethods, sendError } from '../http/errors.ts';
import { type RtcAddress, sessionPath } from './address.ts';
import { iceServerLinks } from './ice-servers.ts';
import { OfferRate } from './offer-rate.ts';
import type { RtcServer } from './rtc-server.ts';

export interface RtcHttpOptions {
  rtc: RtcServer;
  bus: Bus;
  workerId: string;
  settings: Pick<Settings, 'iceServers' | 'turnSecret' | 'maxOffersPerIp'>;
  /** Unix time, ms. */
  now(): number;
}

const LONGEST_BODY = 64 << 10;
const FORWARD_WITHIN_MS = 5000;

/** WHIP (RFC 9725) and WHEP over HTTP: sessions are made here, and found wherever they live. */
export class RtcHttp {
  readonly #options: RtcHttpOptions;
  readonly #workers = new Map<string, WorkerInfo>();
  readonly #offerRate: OfferRate;
  #unwatch: Unsubscribe | null = null;

  constructor(options: RtcHttpOptions) {
    this.#options = options;
    this.#offerRate = new OfferRate({ perSecond: options.settings.maxOffersPerIp });
  }

  async start(): Promise<void> {
    const prefix = leases.worker('');
    this.#unwatch = await this.#options.bus.watch<WorkerInfo>(prefix, (key, worker) => {
      if (worker) this.#workers.set(key.slice(prefix.length), worker);
      else this.#workers.delete(key.slice(prefix.length));
    });
  }

  close(): void {
    this.#unwatch?.();
  }

  /**
   * Answers one request; errors are thrown for the router to tell.
   * @param internal it comes from another worker, which has looked already.
   */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    address: RtcAddress,
    internal: boolean,
  ): Promise<void> {
    if (address.session) {
      response.setHeader('access-control-allow-headers', 'authorization, content-type, if-match, *');
      const methods = address.kind === 'whep' ? (['GET', 'PATCH', 'DELETE'] as const) : (['PATCH', 'DELETE'] as const);
      if (allowMethods(request, response, ...methods))
        await this.#session(request, response, address, address.session, internal);
      return;
    }
    response.setHeader('access-control-allow-headers', 'authorization, content-type, *');
    response.setHeader('accept-post', 'application/sdp');
    if (allowMethods(request, response, 'POST')) await this.#begin(request, response, address);
  }

  async #begin(request: IncomingMessage, response: ServerResponse, address: RtcAddress): Promise<void> {
    const { rtc, workerId } = this.#options;
    expectType(request, 'application/sdp');
    const ip = request.socket.remoteAddress ?? '';
    this.#limitOffers(ip, response);
    const offer = parseOffer(await bodyOf(request));
    if (offer instanceof WireError) throw new LiveError('BAD_REQUEST', `the offer is not usable: ${offer.message}`);
    const { stream, kind } = address;
    const query = address.query || bearerOf(request);
    const details = { stream, query, ip, offer };
    const { session, answer } = kind === 'whip' ? await rtc.publish(details) : await rtc.play(details);
    // Nobody is there to take the answer: nobody will connect.
    if (response.destroyed) return session.end('unpublished');
    const { settings, now } = this.#options;
    const links = iceServerLinks(iceServersFor(settings.iceServers, settings.turnSecret, stream, now()));
    response.writeHead(201, {
      'content-type': 'application/sdp',
      location: sessionPath(address, workerId, session.id),
      etag: session.etag,
      'accept-patch': 'application/trickle-ice-sdpfrag',
      'cache-control': 'no-store',
      ...(links.length > 0 ? { link: links } : {}),
    });
    response.end(answer);
  }

  /** @throws LiveError RATE_LIMITED. */
  #limitOffers(ip: string, response: ServerResponse): void {
    const { now, settings } = this.#options;
    const waitMs = this.#offerRate.take(ip, now());
    if (waitMs === 0) return;
    const waitS = Math.ceil(waitMs / 1000);
    response.setHeader('retry-after', String(waitS));
    throw new LiveError(
      'RATE_LIMITED',
      `too many offers from this address: try again in ${waitS} s; ${settings.maxOffersPerIp} a second are taken (--max-offers-per-ip)`,
    );
  }

  async #session(
    request: IncomingMessage,
    response: ServerResponse,
    { kind, stream, query }: RtcAddress,
    { worker, id }: { worker: string; id: string },
    internal: boolean,
  ): Promise<void> {
    const { rtc, workerId } = this.#options;
    const body = request.method === 'PATCH' ? await bodyOf(request) : '';
    const gone = new LiveError('NOT_FOUND', 'this session has ended: POST again');
    if (worker !== workerId) {
      const other = this.#workers.get(worker);
      if (internal || !other) throw gone;
      return forward(request, response, body, other.internalAddress);
    }
    const session = rtc.session(id);
    if (session?.kind !== kind || session.stream !== stream) throw gone;
    if (request.method === 'DELETE') {
      // Another session follows: a publisher's viewers wait for it, and its place is free for it.
      const again = new URLSearchParams(query).get('again') === '1';
      session.end(again ? 'vanished' : 'unpublished');
      response.writeHead(200, { 'content-length': '0' }).end();
      return;
    }
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      return void response.end(JSON.stringify(session.state()));
    }
    expectType(request, 'application/trickle-ice-sdpfrag');
    const fragment = parseIceFragment(body);
    if (fragment instanceof WireError) throw new LiveError('BAD_REQUEST', `the fragment: ${fragment.message}`);
    session.trickle(fragment, request.headers['if-match']);
    response.writeHead(204, { etag: session.etag }).end();
  }
}

function expectType(request: IncomingMessage, type: string): void {
  const given = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (given !== type) throw new LiveError('UNSUPPORTED_MEDIA_TYPE', `Content-Type must be ${type}`);
}

/** Encoders with a field for a bearer token (OBS) may have the signature there. */
function bearerOf({ headers }: IncomingMessage): string {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  return token.includes('=') ? token.replace(/^\?/, '') : '';
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > LONGEST_BODY) throw new LiveError('TOO_LARGE', `a description may have ${LONGEST_BODY} bytes at most`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Passes a request for a session on to the worker that has it. */
function forward(request: IncomingMessage, response: ServerResponse, body: string, socketPath: string): Promise<void> {
  return new Promise((resolve) => {
    const { method, url, headers } = request;
    const passed = Object.entries(headers).filter(([name]) => name === 'content-type' || name === 'if-match');
    const outgoing = httpRequest({
      socketPath,
      method,
      path: url,
      timeout: FORWARD_WITHIN_MS,
      headers: { ...Object.fromEntries(passed), 'content-length': Buffer.byteLength(body) },
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', () => {
      sendError(response, new LiveError('UNAVAILABLE', 'the worker with this session does not answer: try again'));
      resolve();
    });
    outgoing.on('response', (answer) => {
      const { etag, 'content-type': type } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, {
        ...(etag === undefined ? {} : { etag }),
        ...(type === undefined ? {} : { 'content-type': type }),
      });
      answer.pipe(response);
      resolve();
    });
    outgoing.end(body);
  });
}
