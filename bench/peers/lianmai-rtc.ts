import { startPublishers } from '../load/generators.ts';
import { rtcSourceFiles } from '../load/rtc-source.ts';
import { lianmai } from './lianmai.ts';
import type { RtcPeer, RunningRtcServer } from './rtc-server.ts';

/** This repository's system, published to by RTMP with the codecs WebRTC carries: nothing is transcoded. */
export const lianmaiRtc: RtcPeer = {
  name: lianmai.name,
  missing: lianmai.missing,
  start,
};

async function start(): Promise<RunningRtcServer> {
  const server = await lianmai.start(null);
  const [stream] = await server.streams(1);
  return {
    pids: server.pids,
    target: {
      kind: 'whep',
      url: `http://127.0.0.1:${server.httpPort}/${stream!.play}.whep`,
      receiverAddress: '127.0.0.1',
    },
    publish: async () => startPublishers(server.rtmpPort, [stream!.push], undefined, (await rtcSourceFiles()).flv),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
