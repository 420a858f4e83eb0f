import type { ImDown, ImIdentity } from '@lianmai/contract';
import type { UserProfile } from '@lianmai/contract/rest';

/** Somebody's socket on a worker. */
export interface Connection {
  /** Unique in the system and in time. */
  readonly id: string;
  readonly worker: WorkerLink;
  /** What its worker calls it. */
  readonly number: number;
  readonly identity: ImIdentity;
  /** With it a user comes back to where it was. */
  readonly session: string;
  profile: UserProfile;
  /** Nobody: it is not logged in, and only listens. */
  readonly isVisitor: boolean;
  /** By which its browser is known when nobody is logged in there; null: not known. */
  readonly visitorId: string | null;
  /** Of the client. */
  readonly address: string;
  readonly rooms: Set<string>;
}

/** The way to a worker: what is to be done there goes out in order, all of one turn together. */
export class WorkerLink {
  readonly name: string;
  readonly incarnation: string;
  readonly connections = new Map<number, Connection>();
  readonly #deliver: (items: readonly ImDown[]) => void;
  #items: ImDown[] = [];
  #turn: NodeJS.Immediate | null = null;

  constructor(name: string, incarnation: string, deliver: (items: readonly ImDown[]) => void) {
    this.name = name;
    this.incarnation = incarnation;
    this.#deliver = deliver;
  }

  push(item: ImDown): void {
    this.#items.push(item);
    this.#turn ??= setImmediate(() => this.#flush());
  }

  /** Sends what is there; nothing after that. */
  close(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#turn) clearImmediate(this.#turn);
    this.#turn = null;
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) this.#deliver(items);
  }
}
