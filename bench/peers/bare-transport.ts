import { join } from 'node:path';
import { rtcSourceFiles } from '../load/rtc-source.ts';
import { freePorts, freeUdpPorts, spawnServer, stop, untilServing } from '../processes.ts';
import type { RtcPeer, RunningRtcServer } from './rtc-server.ts';

const MAIN = join(import.meta.dirname, 'bare-transport-server.ts');
const START_MS = 10_000;

/** The native library of the server under test with nothing on top: what no server on it can fall below. */
export const bareTransport: RtcPeer = {
  name: 'bare-transport',
  missing: () => null,
  start,
};

async function start(): Promise<RunningRtcServer> {
  // Made here, where waiting for it is not taken for a server that does not start.
  await rtcSourceFiles();
  const [httpPort] = (await freePorts(1)) as [number];
  const [rtcPort] = (await freeUdpPorts(1)) as [number];
  const server = spawnServer(process.execPath, [MAIN, String(httpPort), String(rtcPort)]);
  const url = `http://127.0.0.1:${httpPort}/`;
  const end = () => stop(server.child);
  try {
    await untilServing(server, START_MS, () => answers(url));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    pids: [server.child.pid!],
    target: { kind: 'whep', url, receiverAddress: '127.0.0.1' },
    // It plays its file from the start.
    publish: async () => ({ [Symbol.asyncDispose]: async () => {} }),
    [Symbol.asyncDispose]: end,
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).text();
    return true;
  } catch {
    return false;
  }
}
