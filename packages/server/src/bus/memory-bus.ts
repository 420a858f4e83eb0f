import type { Bus } from './bus.ts';
import { LocalBroker } from './local-broker.ts';
import { LocalBus } from './local-bus.ts';
import { pairedChannels } from './local-channel.ts';

/** The embedded bus within one process, for the supervisor itself and for tests that play several processes. */
export class MemoryBus {
  readonly broker = new LocalBroker();

  /** A new member, as if it were a process of its own. `kill` ends it without a goodbye: its leases end with it. */
  member(onListenerError: (error: unknown, subject: string) => void = rethrow): { bus: Bus; kill(): void } {
    const { member, broker, close } = pairedChannels();
    this.broker.attach(broker);
    return { bus: new LocalBus(member, onListenerError), kill: close };
  }

  close(): void {
    this.broker.close();
  }
}

const rethrow = (error: unknown) => {
  queueMicrotask(() => {
    throw error;
  });
};
