/** A mixer's process: composition only. */
import { join } from 'node:path';
import { RelayServer } from '../edge/relay/relay-server.ts';
import { openStorage } from '../storage/open-storage.ts';
import { loadPicture } from '../storage/pictures.ts';
import { runChild } from '../supervisor/child-process.ts';
import { registerMetrics } from './metrics.ts';
import { Mixer } from './mixer.ts';
import { warmText } from './picture/text.ts';

runChild(async ({ name, settings, bus, log, metrics, runtimeDir }) => {
  const internalAddress = join(runtimeDir, `${name}.sock`);
  const storage = openStorage(settings);
  const mixer = new Mixer({
    name,
    bus,
    settings,
    internalAddress,
    pictures: (id) => loadPicture(storage, id),
    log,
    now: () => performance.timeOrigin + performance.now(),
  });
  const relays = new RelayServer({
    internalAddress,
    find: (stream) => mixer.open(stream),
    maxQueueBytes: settings.viewerQueueBytes,
  });
  registerMetrics([metrics], mixer);
  await relays.listen();
  await mixer.start();
  warmText();
  return {
    async close() {
      await mixer.close();
      await relays.close();
    },
  };
});
