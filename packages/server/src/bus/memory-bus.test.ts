import { MemoryBus } from './memory-bus.ts';
import { describeBus } from './testing/conformance.ts';

describeBus('memory bus', async () => {
  const system = new MemoryBus();
  return {
    async member() {
      const { bus, kill } = system.member();
      return { bus, kill: async () => kill() };
    },
    close: async () => system.close(),
  };
});
