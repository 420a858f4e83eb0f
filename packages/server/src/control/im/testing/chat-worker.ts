import assert from 'node:assert/strict';
import {
  type ErrorBody,
  type ImDelivery,
  type ImDown,
  type ImOpening,
  type ImUp,
  leases,
  visitorIdentity,
} from '@lianmai/contract';
import { verifyUserToken } from '../../../auth/user-token.ts';
import type { Bus } from '../../../bus/bus.ts';
import type { MemoryBus } from '../../../bus/memory-bus.ts';
import { until } from '../../testing/until.ts';

const ADDRESS = '192.0.2.1';

export interface Heard {
  method: string;
  // biome-ignore lint/suspicious/noExplicitAny: the test knows what it is
  params: any;
}

/** A client on a {@link ChatWorker}: what it was sent, and what it sends. */
export class ChatPeer {
  readonly number: number;
  readonly identity: { appId: string; userId: string };
  readonly events: Heard[] = [];
  readonly rooms = new Set<string>();
  session: string | null = null;
  closed: number | null = null;
  readonly #worker: ChatWorker;

  constructor(worker: ChatWorker, number: number, identity: { appId: string; userId: string }) {
    this.#worker = worker;
    this.number = number;
    this.identity = identity;
  }

  /** Of the newest event. */
  get seq(): number {
    return this.events.at(-1)?.params.seq ?? 0;
  }

  of(method: string): Heard['params'][] {
    return this.events.filter((event) => event.method === method).map(({ params }) => params);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the test knows what it is
  call(method: string, params: object): Promise<any> {
    return this.#worker.call(this.number, method, params);
  }

  /** The next event that fits, or one that came already. */
  event(method: string, fits: (params: Heard['params']) => boolean = () => true): Promise<Heard['params']> {
    return until(() => this.of(method).find(fits));
  }

  /** The connection is over. */
  leave(clean = true): void {
    this.#worker.drop(this, clean);
  }

  /** An event arrived; numbers must grow along a connection, but for what is sent again. */
  take({ method, params }: Heard, isNew: boolean): void {
    if (isNew) assert.ok(params.seq > this.seq || method === 'im.ready', `${method} ${params.seq} after ${this.seq}`);
    this.events.push({ method, params });
  }
}

/** As much of a media worker's chat as control sees. */
export class ChatWorker {
  readonly name: string;
  readonly peers = new Map<number, ChatPeer>();
  /** Room batches that came: what a worker pays for. */
  batches = 0;
  /** Ends it without a goodbye. */
  readonly kill: () => void;
  readonly #bus: Bus;
  readonly #incarnation: string;
  readonly #answers = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  readonly #openings = new Map<number, ImOpening>();
  #last = 0;
  #lastCall = 0;
  #key = '';

  private constructor(name: string, bus: Bus, kill: () => void) {
    this.name = name;
    this.#bus = bus;
    this.kill = kill;
    this.#incarnation = `${Math.random()}`;
  }

  static async join(memory: MemoryBus, name: string): Promise<ChatWorker> {
    const { bus, kill } = memory.member();
    const worker = new ChatWorker(name, bus, kill);
    bus.subscribe(`worker.im/${name}`, (delivery) => worker.#deliver(delivery));
    bus.answer('worker.im-sockets', () => worker.#announcement());
    await bus.acquire(leases.worker(name), { id: name, pid: 1, internalAddress: '' });
    worker.#key = (await bus.request('control.user-key', null)).key;
    return worker;
  }

  /** A client connects; resolves when it is told that it is in. */
  async connect(
    token: string,
    seq: number | null = null,
    lastSession: string | null = null,
    visitor: string | null = null,
  ): Promise<ChatPeer> {
    const peer = this.begin(token, seq, lastSession, visitor);
    await until(() => peer.session !== null || peer.closed !== null);
    return peer;
  }

  /** The same, not waiting. */
  begin(
    token: string,
    seq: number | null = null,
    lastSession: string | null = null,
    visitor: string | null = null,
  ): ChatPeer {
    const { user } = verifyUserToken(this.#key, token, Date.now());
    assert.ok(user);
    const identity = { appId: user.appId, userId: user.userId };
    const peer = new ChatPeer(this, ++this.#last, identity);
    const standing = { generation: user.generation, id: user.tokenId };
    this.#open(peer, standing, { seq, lastSession, visitor });
    return peer;
  }

  /** Somebody who is not logged in. */
  async visit(visitor: string, address = ADDRESS): Promise<ChatPeer> {
    const peer = new ChatPeer(this, ++this.#last, visitorIdentity(visitor));
    this.#open(peer, null, { seq: null, lastSession: null, visitor }, address);
    await until(() => peer.session !== null || peer.closed !== null);
    return peer;
  }

  #open(
    peer: ChatPeer,
    token: ImOpening['token'],
    said: Pick<ImOpening, 'seq' | 'lastSession' | 'visitor'>,
    ip = ADDRESS,
  ): void {
    const { number: connection, identity } = peer;
    this.peers.set(connection, peer);
    this.#openings.set(connection, { connection, identity, token, ...said, ip });
    this.tell({ type: 'open', connection, identity, token, ...said, ip });
  }

  call(connection: number, method: string, params: object): Promise<unknown> {
    const call = ++this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#answers.set(call, { resolve, reject });
    this.tell({ type: 'call', connection, call, method, params });
    return promise;
  }

  tell(...items: ImUp[]): void {
    void this.#bus.request('control.im', { worker: this.name, incarnation: this.#incarnation, items }).catch(() => {});
  }

  drop(peer: ChatPeer, clean: boolean): void {
    this.peers.delete(peer.number);
    this.tell({ type: 'close', connection: peer.number, clean });
  }

  #deliver({ items }: ImDelivery): void {
    for (const item of items) this.#do(item);
  }

  #do(item: ImDown): void {
    switch (item.type) {
      case 'room':
        this.batches += 1;
        for (const event of eventsOf(item.text))
          for (const peer of this.peers.values()) if (peer.rooms.has(item.roomId)) peer.take(event, true);
        return;
      case 'send':
        for (const event of eventsOf(item.text))
          for (const number of item.connections) this.peers.get(number)?.take(event, false);
        return;
      case 'ready': {
        const peer = this.peers.get(item.connection);
        if (peer) peer.session = item.session;
        for (const event of eventsOf(item.text)) peer?.take(event, false);
        return;
      }
      case 'answer':
        return this.#answers.get(item.call)?.resolve(JSON.parse(item.result));
      case 'refusal':
        return this.#answers.get(item.call)?.reject(item.error as ErrorBody['error']);
      case 'enter':
        for (const number of item.connections) this.peers.get(number)?.rooms.add(item.roomId);
        return;
      case 'leave':
        for (const number of item.connections) this.peers.get(number)?.rooms.delete(item.roomId);
        return;
      case 'close':
        for (const number of item.connections) {
          const peer = this.peers.get(number);
          if (!peer) continue;
          peer.closed = item.code;
          this.drop(peer, false);
        }
        return;
      case 'announce':
        void this.#bus.request('control.im-sockets', this.#announcement());
    }
  }

  #announcement() {
    const connections = [...this.peers.values()].map(({ number, session, rooms }) => ({
      ...this.#openings.get(number)!,
      session,
      rooms: [...rooms],
    }));
    return { worker: this.name, incarnation: this.#incarnation, connections };
  }
}

function eventsOf(text: string): Heard[] {
  const value = JSON.parse(text) as Heard | Heard[];
  return Array.isArray(value) ? value : [value];
}
