import { join } from 'node:path';
import { spawnWithFiles } from '../processes.ts';
import { Generator, type Spread } from './generators.ts';

/** Where a stream is watched by WebRTC: an address for offers, or the API of Janus. */
export type RtcTarget = ({ kind: 'whep'; url: string } | { kind: 'janus'; url: string; mountpoint: number }) & {
  /** The machine's own address that receivers have; between any two of them packets stay in the kernel. */
  receiverAddress: string;
};

/** What the process of the receivers is told, as JSON. */
export interface RtcLoadOptions {
  target: RtcTarget;
  viewers: number;
  /** The server's processes. */
  pids: readonly number[];
  warmS: number;
  measureS: number;
  /**
   * `crowd`: all together, a few handshakes at a time, then measured. `probe`: one after another, for the time to the first key
   * frame. `storm`: so many within a second, for the same.
   */
  task: 'crowd' | 'probe' | 'storm';
}

/** What receivers cost the server, and what they got. */
export interface RtcMeasurement {
  viewers: number;
  measuredS: number;
  /** RTP packets that were sent to all of them, by their numbers. */
  packets: number;
  cpuUsPerPacket: number;
  cpuPercent: number;
  packetsPerViewerS: number;
  kbpsPerViewer: number;
  viewersPerCore: number;
  memoryBeforeKb: number;
  memoryKb: number;
  memoryMbPerViewer: number;
  lostPackets: number;
  /** Receivers that never connected, or got nothing. */
  gone: number;
  generatorCpuPercent: number;
}

/** Receivers that came one after another, or in a storm: how long after the first request of each its packets and picture came. */
export interface RtcProbe {
  viewers: number;
  failed: number;
  firstPacketMs: Spread | null;
  firstKeyFrameMs: Spread | null;
}

const MAIN = join(import.meta.dirname, 'whep-load.ts');

/** Receivers that are measured once all are there, and stay until disposed: `watching`, then `measured`. */
export function startRtcViewers(options: Omit<RtcLoadOptions, 'task'>): Generator {
  return run({ ...options, task: 'crowd' });
}

/** Receivers that come within a second and stay until disposed: `joined`, an {@link RtcProbe}. They say goodbye. */
export function startRtcStorm(target: RtcTarget, viewers: number): Generator {
  return run({ target, viewers, pids: [], warmS: 0, measureS: 0, task: 'storm' });
}

export async function probeRtcViewers(target: RtcTarget, viewers: number): Promise<RtcProbe> {
  await using generator = run({ target, viewers, pids: [], warmS: 0, measureS: 0, task: 'probe' });
  return await generator.next<RtcProbe>('probed');
}

function run(options: RtcLoadOptions): Generator {
  const args = [MAIN, JSON.stringify(options)];
  return new Generator(spawnWithFiles(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
}
