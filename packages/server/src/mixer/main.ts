/** A mixer's process: composition only. */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { RelayServer } from '../edge/relay/relay-server.ts';
import { openStorage } from '../storage/open-storage.ts';
import { loadPicture } from '../storage/pictures.ts';
import { runChild } from '../supervisor/child-process.ts';
import { registerMetrics } from './metrics.ts';
import { Mixer } from './mixer.ts';
import { warmText } from './picture/text.ts';

/**
 * Three times what is in use may become garbage before V8 looks for it. What codecs, sockets and pictures hold comes and goes by some megabytes
 * all the time; V8's usual 8 MB for so small a heap made it mark the heap once or twice a second, for a twentieth of a mixer's CPU time.
 */
setFlagsFromString('--heap-growing-percent=300');

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
