import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { LiveError } from '@lianmai/contract';
import { sendError } from './errors.ts';

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
const ANSWER_WITHIN_MS = 30_000;

/** Forwards API requests to control on its unix socket; control alone decides, the worker only carries. */
export class ControlProxy {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  /** For requests that wait for news: they must not take the places of those that are answered at once. */
  readonly #waiting = new Agent({ keepAlive: true, maxFreeSockets: 64 });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  forward(from: IncomingMessage, to: ServerResponse): void {
    const headers: Record<string, string | string[] | undefined> = { ...from.headers };
    for (const name of HOP_BY_HOP) delete headers[name];
    if (from.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
    // What the client claims of itself is not passed on: control trusts these two.
    headers['x-forwarded-for'] = from.socket.remoteAddress ?? '';
    headers['x-forwarded-proto'] = 'encrypted' in from.socket ? 'https' : 'http';
    const { method, url } = from;
    const outgoing = request({
      socketPath: this.#socketPath,
      agent: method === 'GET' && url?.startsWith('/v1/calls/') ? this.#waiting : this.#agent,
      method,
      path: url,
      headers,
      timeout: ANSWER_WITHIN_MS,
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => {
      from.unpipe(outgoing).resume();
      if (to.headersSent) return; // the answer is on its way; its own end decides
      sendError(to, new LiveError('UNAVAILABLE', 'the control part is restarting: try again in a second or two'), {
        'retry-after': '1',
      });
    });
    outgoing.on('response', (answer) => {
      // Answered before the whole body came (too large): the rest is read and dropped, or the client's next request on
      // this connection would wait behind it. Control waits for none of it.
      if (!from.complete) {
        from.unpipe(outgoing).resume();
        answer.once('end', () => outgoing.destroy());
      }
      const answered = { ...answer.headers };
      for (const name of HOP_BY_HOP) delete answered[name];
      to.writeHead(answer.statusCode ?? 502, answered);
      pipeline(answer, to, () => {});
    });
    to.on('close', () => outgoing.destroy());
    from.on('error', () => outgoing.destroy());
    from.pipe(outgoing);
  }

  close(): void {
    this.#agent.destroy();
    this.#waiting.destroy();
  }
}
