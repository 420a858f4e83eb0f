import type { BusEvents, BusGathers, BusRequests } from '@lianmai/contract';

export type Unsubscribe = () => void;

/** A key owned by one process of the system; it ends when released or when its owner's process ends. */
export interface Lease {
  readonly key: string;
  release(): Promise<void>;
}

/** What {@link Bus.acquire} answers: the lease, or the value under which somebody else holds it. */
export type Acquired<T> = { lease: Lease; holder: null } | { lease: null; holder: T };

/**
 * How the processes talk: events, requests, and leases (the registry of who holds what). Values must survive structured
 * cloning and JSON. Handlers run in the order of arrival per sender; a handler's throw becomes the requester's error.
 */
export interface Bus {
  publish<S extends keyof BusEvents>(subject: S, event: BusEvents[S]): void;
  subscribe<S extends keyof BusEvents>(subject: S, listener: (event: BusEvents[S]) => void): Unsubscribe;

  /**
   * Asks whoever serves the subject. While nobody does, the request waits for one to come, within the time-out.
   * @throws LiveError the responder's, or UNAVAILABLE after `timeoutMs` (default 5000).
   */
  request<S extends keyof BusRequests>(
    subject: S,
    body: BusRequests[S][0],
    options?: { timeoutMs?: number },
  ): Promise<BusRequests[S][1]>;
  serve<S extends keyof BusRequests>(
    subject: S,
    handler: (body: BusRequests[S][0]) => Promise<BusRequests[S][1]> | BusRequests[S][1],
  ): Unsubscribe;

  /** Asks everyone who answers the subject; resolves with the answers that came within `timeoutMs` (default 1000). */
  gather<S extends keyof BusGathers>(
    subject: S,
    body: BusGathers[S][0],
    options?: { timeoutMs?: number },
  ): Promise<BusGathers[S][1][]>;
  answer<S extends keyof BusGathers>(
    subject: S,
    handler: (body: BusGathers[S][0]) => Promise<BusGathers[S][1]> | BusGathers[S][1],
  ): Unsubscribe;

  /** Takes the key unless another holds it; atomically across all processes. */
  acquire<T>(key: string, value: T): Promise<Acquired<T>>;
  /**
   * Follows all keys that begin with `prefix`: the listener is called for each key held now (before the promise
   * resolves), then at each change, with null when a lease ended.
   */
  watch<T>(prefix: string, listener: (key: string, value: T | null) => void): Promise<Unsubscribe>;

  close(): Promise<void>;
}
