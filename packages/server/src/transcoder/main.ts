/** The transcoder's process: composition only. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Gauge } from 'prom-client';
import { RelayServer } from '../edge/relay/relay-server.ts';
import { runChild } from '../supervisor/child-process.ts';
import { Transcoder } from './transcoder.ts';

runChild(async ({ name, settings, bus, log, metrics, runtimeDir }) => {
  const now = () => performance.timeOrigin + performance.now();
  const transcoder = new Transcoder({ name, bus, settings, maxVideo: availableParallelism(), log, now });
  const relays = new RelayServer({
    internalAddress: join(runtimeDir, `${name}.sock`),
    find: (variant) => transcoder.open(variant),
    maxQueueBytes: settings.viewerQueueBytes,
  });
  new Gauge({
    name: 'lianmai_conversions',
    help: 'Streams being converted, by what is encoded',
    labelNames: ['encodes'],
    registers: [metrics],
    collect() {
      const { audio, video } = transcoder.jobs;
      this.set({ encodes: 'audio' }, audio);
      this.set({ encodes: 'video' }, video);
    },
  });
  await transcoder.start();
  await relays.listen();
  return {
    async close() {
      transcoder.close();
      await relays.close();
    },
  };
});
