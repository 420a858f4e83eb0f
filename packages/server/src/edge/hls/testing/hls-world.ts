import { once } from 'node:events';
import { type ClientRequest, createServer, get, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { leases, type WorkerInfo } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import { sendError } from '../../http/errors.ts';
import { parsePlayAddress } from '../../http/play-address.ts';
import { type Pusher, type Worker, World } from '../../hub/testing/world.ts';
import { HlsServer } from '../hls-server.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
}

const SETTINGS = { hlsSegmentMs: 2000, hlsPartMs: 200, hlsWindow: 6, viewerStallMs: 5000 };

/** A media worker with its HTTP port, as far as HLS goes. */
export class HlsWorker {
  readonly worker: Worker;
  readonly hls: HlsServer;
  /** What other workers asked of this one, files and directives without the rest. */
  readonly askedByWorkers: string[] = [];
  askedByViewers = 0;
  readonly #servers: Server[] = [];
  port = 0;
  #internalAddress = '';

  constructor(worker: Worker, id: string, now: () => number) {
    this.worker = worker;
    const log = { info() {}, debug() {}, warn() {}, error: (...error: unknown[]) => console.error(...error) };
    this.hls = new HlsServer({ bus: worker.bus, hub: worker.hub, workerId: id, settings: SETTINGS, log, now });
  }

  async listen(internalAddress: string): Promise<void> {
    this.#internalAddress = internalAddress;
    const internal = this.#serve(true);
    const open = this.#serve(false);
    await once(internal.listen(internalAddress), 'listening');
    await once(open.listen(0, '127.0.0.1'), 'listening');
    this.port = (open.address() as AddressInfo).port;
    await this.hls.join();
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}/live/${path}`;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return read(get(this.url(path), { headers }));
  }

  /** As another worker would. */
  getInternally(path: string): Promise<Answer> {
    return read(get({ socketPath: this.#internalAddress, path: `/live/${path}` }));
  }

  /** The media playlist's address relative to `/live/`, as the multivariant playlist has it. */
  async open(stream: string, query = ''): Promise<string> {
    const { status, text } = await this.get(`${stream}.m3u8${query}`);
    if (status !== 200) throw new Error(`${status} ${text}`);
    return text.trimEnd().split('\n').at(-1)!;
  }

  /** As SIGKILL: nobody says goodbye. */
  async kill(): Promise<void> {
    await this.worker.kill();
    this.#closeServers();
  }

  async close(): Promise<void> {
    await this.hls.close();
    this.#closeServers();
  }

  #closeServers(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  #serve(internal: boolean): Server {
    const server = createServer((request, response) => {
      if (internal) this.askedByWorkers.push(request.url ?? '');
      else this.askedByViewers++;
      const address = parsePlayAddress(request.url ?? '');
      if (!address) return sendError(response, new Error('no play address'));
      const { stream, file, query } = address;
      this.hls
        .handle(request, response, { stream, file, query, internal })
        .catch((error) => sendError(response, error));
    });
    this.#servers.push(server);
    return server;
  }
}

/** Workers with hubs, relays and HLS on one bus, with a clock that only moves when told. */
export class HlsWorld implements AsyncDisposable {
  readonly world = new World();
  readonly workers: HlsWorker[] = [];
  readonly #publishing = new Set<Pusher>();
  readonly #addresses = new Map<string, string>();

  async worker(): Promise<HlsWorker> {
    const id = `w${this.workers.length}`;
    if (this.workers.length === 0)
      await this.world.control.watch<WorkerInfo>(leases.worker(''), (_key, info) => {
        if (info) this.#addresses.set(info.id, info.internalAddress);
      });
    const worker = new HlsWorker(await this.world.worker(id), id, () => this.world.nowMs);
    await worker.listen(this.#addresses.get(id)!);
    this.workers.push(worker);
    return worker;
  }

  async push(at: HlsWorker, stream = 'show'): Promise<Pusher> {
    const pusher = await this.world.push(at.worker, stream);
    this.#publishing.add(pusher);
    return pusher;
  }

  end(pusher: Pusher, reason: 'unpublished' | 'vanished'): void {
    this.#publishing.delete(pusher);
    pusher.end(reason);
  }

  /** Gives frames to the hub as if they had come in time. */
  feed(pusher: Pusher, frames: readonly Frame[]): void {
    for (const frame of frames) pusher.write(frame);
  }

  /** Lets time pass, for hubs and HLS; publishers stay connected. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      for (const pusher of this.#publishing) pusher.received(1);
      await this.world.pass(Math.min(left, 1000));
      for (const { hls } of this.workers) hls.tick();
      await this.world.settle();
    }
  }

  viewers(): number {
    return this.world.workers.reduce((sum, { hub }) => sum + (hub.audience().viewers.hls ?? 0), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.workers) await worker.close();
    await this.world[Symbol.asyncDispose]();
  }
}

async function read(request: ClientRequest): Promise<Answer> {
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return { status: response.statusCode, headers: response.headers, body, text: body.toString() };
}
