import { type ImAnnouncement, type ImReport, type ImUp, LiveError, leases } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { AnsweredCall, Answers } from './answers.ts';
import { type Connection, WorkerLink } from './connection.ts';
import type { Reception } from './reception.ts';
import type { Rooms } from './rooms.ts';

export interface WorkersOptions {
  bus: Bus;
  reception: Reception;
  rooms: Rooms;
  answers: Answers;
  /** A client calls a method, when it is its turn; how it ends is said to `answers`. */
  call(connection: Connection, to: AnsweredCall, method: string, params: unknown): Promise<void>;
}

/** Calls of one connection that wait for the one before. */
const MOST_WAITING = 100;

/** The media workers that hold clients' sockets: hears in order what happens there, and knows which sockets they have. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #links = new Map<string, WorkerLink>();
  #unsubscribe: Unsubscribe[] = [];

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** Learns who is connected, for workers kept their sockets while control was away; then listens. */
  async start(): Promise<void> {
    const { bus, reception } = this.#options;
    const prefix = leases.worker('');
    const silent = new Set<string>();
    this.#unsubscribe = [
      await bus.watch(prefix, (key, worker) => {
        const name = key.slice(prefix.length);
        if (worker !== null) return void silent.add(name);
        silent.delete(name);
        this.#drop(name);
      }),
    ];
    for (const announcement of await bus.gather('worker.im-sockets', null)) {
      silent.delete(announcement.worker);
      this.#reconcile(announcement);
    }
    await reception.settled();
    this.#unsubscribe.push(
      bus.serve('control.im', (report) => this.#hear(report)),
      bus.serve('control.im-sockets', (announcement) => this.#reconcile(announcement)),
    );
    // Those that were too busy to answer in time.
    for (const name of silent) bus.publish(`worker.im/${name}`, { items: [{ type: 'announce' }] });
  }

  /** Hears nothing any more. */
  deafen(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  /** Sends what is there; sockets stay: the next control finds them. */
  close(): void {
    this.deafen();
    for (const link of this.#links.values()) link.close();
  }

  /** Taken in order; answered later. */
  #hear({ worker, incarnation, items }: ImReport): { ok: true } {
    const link = this.#link(worker, incarnation);
    for (const item of items) this.#take(link, item);
    return { ok: true };
  }

  #take(link: WorkerLink, item: ImUp): void {
    const { reception, rooms } = this.#options;
    switch (item.type) {
      case 'open':
        return void (link.connections.has(item.connection) || reception.open(link, item));
      case 'close': {
        const connection = link.connections.get(item.connection);
        if (connection) reception.drop(connection, item.clean);
        return;
      }
      case 'likes':
        return rooms.like(item.roomId, item.byUser);
      case 'call':
        return this.#takeCall(link, item);
    }
  }

  #takeCall(link: WorkerLink, { connection: number, call, method, params }: ImUp & { type: 'call' }): void {
    const { reception, answers } = this.#options;
    const to: AnsweredCall = { link, connection: number, call };
    const connection = link.connections.get(number);
    if (!connection) {
      // Opened before this control began, and not heard of since.
      link.push({ type: 'announce' });
      return answers.refuse(to, new LiveError('UNAVAILABLE', 'the server restarted: try again in a second'));
    }
    if (reception.waiting(connection) >= MOST_WAITING)
      return answers.refuse(to, new LiveError('RATE_LIMITED', 'too many calls wait for an answer'));
    reception.inTurn(connection, () => this.#options.call(connection, to, method, params));
  }

  /** The link to a worker; one that restarted has lost what it had. */
  #link(name: string, incarnation: string): WorkerLink {
    const known = this.#links.get(name);
    if (known?.incarnation === incarnation) return known;
    this.#drop(name);
    const { bus } = this.#options;
    const link = new WorkerLink(name, incarnation, (items) => bus.publish(`worker.im/${name}`, { items }));
    this.#links.set(name, link);
    return link;
  }

  #drop(name: string): void {
    const link = this.#links.get(name);
    if (!link) return;
    this.#links.delete(name);
    for (const connection of [...link.connections.values()]) this.#options.reception.drop(connection);
  }

  /** Compares what a worker has with what is known of it. */
  #reconcile({ worker, incarnation, connections }: ImAnnouncement): { ok: true } {
    const { reception } = this.#options;
    const link = this.#link(worker, incarnation);
    const there = new Set(connections.map(({ connection }) => connection));
    for (const [number, connection] of link.connections) if (!there.has(number)) reception.drop(connection);
    for (const connection of connections) {
      if (link.connections.has(connection.connection)) continue;
      if (connection.session === null) reception.open(link, connection);
      else reception.restore(link, connection, connection.session);
    }
    return { ok: true };
  }
}
