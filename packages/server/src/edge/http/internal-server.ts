import { rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';

/** Where the other workers of the system reach this one: a unix socket in the runtime folder. */
export class InternalServer {
  readonly address: string;
  readonly #server: Server;

  constructor(address: string, handle: RequestListener) {
    this.address = address;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, handle);
  }

  listen(): Promise<void> {
    // A worker that was killed left its socket file behind.
    rmSync(this.address, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.address, resolve);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
