/** The demo process: composition only. Pushes the test picture to this machine's own RTMP port like any encoder. */
import { runChild } from '../supervisor/child-process.ts';
import { startDemo } from './demo.ts';

const CHANNEL = { stream: 'demo', name: 'Demo' };

runChild(async ({ settings, bus, log }) => {
  const stopping = new AbortController();
  const host = settings.host === '0.0.0.0' || settings.host === '::' ? '127.0.0.1' : settings.host;
  const pushUrl = async () => {
    const { query } = await bus.request('control.own-channel', CHANNEL);
    return `rtmp://${host}:${settings.rtmpPort}/live/${CHANNEL.stream}${query && `?${query}`}`;
  };
  const running = startDemo({ pushUrl, log, signal: stopping.signal });
  return {
    async close() {
      stopping.abort();
      await running;
    },
  };
});
