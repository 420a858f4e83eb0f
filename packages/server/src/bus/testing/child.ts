/** A member in a process of its own: holds `worker/0` under its name; the one called "first" never answers. */
import { LocalBus } from '../local-bus.ts';
import { parentChannel } from '../local-channel.ts';

const name = process.argv[2] ?? '';
const bus = new LocalBus(parentChannel(), (error) => {
  throw error;
});
bus.serve('supervisor.health', () =>
  name === 'first' ? new Promise(() => {}) : { ok: true, processes: [{ name, ok: true }] },
);
await bus.acquire('worker/0', name);
