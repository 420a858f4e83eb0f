import { type Generator, startPublishers } from '../load/generators.ts';
import { rtcSourceFiles } from '../load/rtc-source.ts';
import { lianmai } from './lianmai.ts';
import type { RtcPeer, RunningRtcServer } from './rtc-server.ts';

/** What it tells of itself beside what every server does. */
export interface RunningLianmaiRtc extends RunningRtcServer {
  publish(): Promise<Generator>;
  loopPauseMs(): Promise<number | null>;
  /** WebRTC viewers it knows of. */
  watching(): Promise<number>;
}

/** This repository's system, published to by RTMP with the codecs WebRTC carries: nothing is transcoded. */
export const lianmaiRtc: RtcPeer = {
  name: lianmai.name,
  missing: lianmai.missing,
  start: startLianmaiRtc,
};

export async function startLianmaiRtc(): Promise<RunningLianmaiRtc> {
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
    loopPauseMs: server.loopPauseMs,
    watching: async () => whepViewers(await (await fetch(`http://127.0.0.1:${server.httpPort}/metrics`)).text()),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function whepViewers(prometheusText: string): number {
  const lines = prometheusText.split('\n').filter((line) => /^lianmai_viewers\{.*protocol="whep"/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
