import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LiveError, type PlayProtocol } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';
import type { Logger } from '../../log/log.ts';
import { gatherMetrics } from '../../metrics/process-metrics.ts';
import type { Fanouts } from '../fanout/fanouts.ts';
import { serveFlv } from '../flv/http-flv.ts';
import { isTaken } from '../flv/take-socket.ts';
import { serveWsFlv } from '../flv/ws-flv.ts';
import type { HlsServer } from '../hls/hls-server.ts';
import type { HubPort } from '../hub/ports.ts';
import type { LiveStream } from '../hub/sink.ts';
import type { ImServer } from '../im/im-server.ts';
import { parseRtcAddress } from '../rtc/address.ts';
import type { RtcHttp } from '../rtc/rtc-http.ts';
import type { ControlProxy } from './control-proxy.ts';
import { allowMethods, sendError, sendSocketError } from './errors.ts';
import type { Health } from './health.ts';
import { type PlayAddress, parsePlayAddress } from './play-address.ts';

const LONGEST_URL = 4096;

export interface RouterParts {
  hub: HubPort;
  fanouts: Fanouts;
  hls: HlsServer;
  rtc: RtcHttp;
  im: ImServer;
  control: ControlProxy;
  health: Health;
  bus: Bus;
  pages: (request: IncomingMessage, response: ServerResponse) => void;
  log: Logger;
}

/** Which part answers which address of the HTTP port; see the contract's table of addresses. */
export class Router {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const url = request.url ?? '';
    if (url.length > LONGEST_URL)
      return sendError(
        response,
        new LiveError('URI_TOO_LONG', `an address may have ${LONGEST_URL} characters at most`),
      );
    if (url.startsWith('/live/')) return this.#live(request, response, url);
    if (isIm(url)) return this.#guard(response, this.#parts.im.handle(request, response));
    if (/^\/(v1|docs)(?:[/?]|$)/.test(url)) return this.#parts.control.forward(request, response);
    const path = url.split('?', 1)[0];
    if (path === '/healthz') return this.#guard(response, this.#parts.health.serve(response));
    if (path === '/metrics') return this.#guard(response, this.#metrics(response));
    if (allowMethods(request, response, 'GET', 'HEAD')) this.#parts.pages(request, response);
  };

  readonly upgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    if (isTaken(request)) return;
    if (isIm(request.url ?? '')) return this.#parts.im.upgrade(request, socket, head);
    const address = parsePlayAddress(request.url ?? '');
    if (address?.kind !== 'flv')
      return sendSocketError(
        socket,
        new LiveError('NOT_FOUND', 'WebSocket is served at /v1/im and /live/{stream}.flv'),
      );
    const begin = (stream: LiveStream) => serveWsFlv(request, socket, head, stream, this.#parts.fanouts);
    this.#play(address, 'ws-flv', socket, begin, (error) => sendSocketError(socket, error));
  };

  /** What the other workers of the system ask of this one: the HLS it packages, the WebRTC sessions it has. */
  readonly internal = (request: IncomingMessage, response: ServerResponse): void => {
    const session = parseRtcAddress(request.url ?? '');
    if (session) return this.#guard(response, this.#parts.rtc.handle(request, response, session, true));
    const address = parsePlayAddress(request.url ?? '');
    if (!address || address.kind === 'flv') return sendError(response, new LiveError('NOT_FOUND', 'not served here'));
    const { stream, file, query } = address;
    this.#guard(response, this.#parts.hls.handle(request, response, { stream, file, query, internal: true }));
  };

  #live(request: IncomingMessage, response: ServerResponse, url: string): void {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', '*');
    response.setHeader('access-control-expose-headers', '*');
    const rtc = parseRtcAddress(url);
    if (rtc) return this.#guard(response, this.#parts.rtc.handle(request, response, rtc, false));
    const address = parsePlayAddress(url);
    if (!address)
      return sendError(response, new LiveError('NOT_FOUND', 'play addresses are /live/{stream}.flv, .m3u8 and .whep'));
    if (!allowMethods(request, response, 'GET', 'HEAD')) return;
    const { stream, kind, file, query } = address;
    if (kind !== 'flv')
      return this.#guard(response, this.#parts.hls.handle(request, response, { stream, file, query, internal: false }));
    const begin = (live: LiveStream) => serveFlv(request, response, live, this.#parts.fanouts);
    this.#play(address, 'flv', request.socket, begin, (error) => sendError(response, error));
  }

  /** Begins in this very turn when the stream is on this worker. */
  #play(
    address: PlayAddress,
    protocol: PlayProtocol,
    socket: Socket,
    begin: (stream: LiveStream) => (() => void) | null,
    refuse: (error: LiveError) => void,
  ): void {
    const { stream, query } = address;
    const { hub } = this.#parts;
    const options = { stream, query, protocol, ip: socket.remoteAddress ?? '' };
    const admit = (live: LiveStream) => {
      const end = begin(live);
      const forget = end && hub.admit(options, end);
      if (forget) socket.once('close', forget);
    };
    const failed = (error: unknown) => {
      if (error instanceof LiveError) return refuse(error);
      this.#parts.log.error({ err: error, stream }, 'play failed');
      refuse(new LiveError('INTERNAL', 'the server failed at this request; its log says why'));
    };
    try {
      const live = hub.play(options);
      if (live instanceof Promise) live.then((late) => socket.destroyed || admit(late)).catch(failed);
      else admit(live);
    } catch (error) {
      failed(error);
    }
  }

  async #metrics(response: ServerResponse): Promise<void> {
    const { contentType, text } = await gatherMetrics(this.#parts.bus);
    response.writeHead(200, { 'content-type': contentType }).end(text);
  }

  #guard(response: ServerResponse, work: Promise<void>): void {
    work.catch((error) => {
      if (!(error instanceof LiveError))
        this.#parts.log.error({ err: error, url: response.req.url?.split('?', 1)[0] }, 'request failed');
      sendError(response, error);
    });
  }
}

const isIm = (url: string): boolean => url.split('?', 1)[0] === '/v1/im';
