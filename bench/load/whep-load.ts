/**
 * Many WebRTC viewers of one live stream in a process of their own; prints as JSON lines what they cost the server (CPU and
 * memory of the given processes) and what they got. Started by rtc-load.ts, whose options are its argument.
 * It ends when its standard input does, so that it cannot outlive who started it.
 */
import { setTimeout as after } from 'node:timers/promises';
import { initLogger } from 'node-datachannel';
import { cpuSeconds, residentKb } from '../processes.ts';
import { medianOf, spreadOf } from '../report/figures.ts';
import { type Join, joining, type Leave } from './rtc-join.ts';
import type { RtcLoadOptions, RtcMeasurement, RtcProbe } from './rtc-load.ts';
import { RtcReceiver } from './rtc-receiver.ts';

/** Handshakes at the same time. */
const JOINING = 8;
const JOIN_WITHIN_MS = 20_000;
const PROBES_MS = 20_000;
/** Longer than a GOP: a server that lets newcomers wait for a key frame is asked at any time of it. */
const LONGEST_PAUSE_MS = 2000;
const SHORT_PAUSE_MS = 200;
const LONG_WAIT_MS = 500;

const options = JSON.parse(process.argv[2]!) as RtcLoadOptions;
const address = options.target.receiverAddress;
initLogger('Fatal', (_level, message) => console.error(message));
/** What says goodbye when this process ends. */
const goodbyes: Leave[] = [];
process.stdin.on('end', leave).resume();
await { crowd, probe, storm }[options.task]();

async function crowd(): Promise<void> {
  const { viewers, pids, warmS, measureS } = options;
  const memoryBeforeKb = residentKb(pids);
  const receivers = await joinAll(await joining(options.target), viewers);
  say('watching', {});
  await after(warmS * 1000);
  const memory: number[] = [];
  const before = snapshot(receivers);
  while (performance.now() < before.at + measureS * 1000) {
    await after(Math.min(1000, before.at + measureS * 1000 - performance.now()));
    memory.push(residentKb(pids));
  }
  const end = snapshot(receivers);
  say('measured', measurement(before, end, { memoryBeforeKb, memoryKb: medianOf(memory)! }));
}

/** Those that do not connect are left out. */
async function joinAll(join: Join, viewers: number): Promise<RtcReceiver[]> {
  const joined: RtcReceiver[] = [];
  let next = 0;
  let failed = 0;
  const joinOn = async () => {
    while (next < viewers) {
      const receiver = new RtcReceiver(`viewer-${next++}`, { address, findsKeyFrame: false });
      try {
        await join(receiver);
        if (await receiver.watches(JOIN_WITHIN_MS)) joined.push(receiver);
        else if (failed++ === 0) console.error(`A viewer got nothing: ${receiver.state}`);
      } catch (error) {
        if (failed++ === 0) console.error((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: JOINING }, joinOn));
  return joined;
}

interface Snapshot {
  at: number;
  cpuS: number;
  generatorCpuS: number;
  /** Of each receiver, all tracks together. */
  receivers: { sent: number; received: number; bytes: number }[];
}

function snapshot(receivers: readonly RtcReceiver[]): Snapshot {
  return {
    at: performance.now(),
    cpuS: cpuSeconds(options.pids),
    generatorCpuS: cpuSeconds([process.pid]),
    receivers: receivers.map(({ tracks }) => ({
      sent: total(tracks.map(({ sent }) => sent)),
      received: total(tracks.map(({ received }) => received)),
      bytes: total(tracks.map(({ bytes }) => bytes)),
    })),
  };
}

function measurement(
  before: Snapshot,
  end: Snapshot,
  { memoryBeforeKb, memoryKb }: { memoryBeforeKb: number; memoryKb: number },
): RtcMeasurement {
  const { viewers } = options;
  const measuredS = (end.at - before.at) / 1000;
  const since = (of: 'sent' | 'received' | 'bytes') =>
    end.receivers.map((receiver, i) => receiver[of] - before.receivers[i]![of]);
  const packets = total(since('sent'));
  const received = since('received');
  const watching = received.filter((count) => count > 0).length;
  const cpuS = end.cpuS - before.cpuS;
  return {
    viewers,
    measuredS,
    packets,
    cpuUsPerPacket: (cpuS * 1e6) / packets,
    cpuPercent: (cpuS / measuredS) * 100,
    packetsPerViewerS: packets / measuredS / watching,
    kbpsPerViewer: (total(since('bytes')) * 8) / 1000 / measuredS / watching,
    viewersPerCore: Math.floor((watching * measuredS) / cpuS),
    memoryBeforeKb,
    memoryKb,
    memoryMbPerViewer: (memoryKb - memoryBeforeKb) / 1024 / viewers,
    lostPackets: packets - total(received),
    gone: viewers - watching,
    generatorCpuPercent: ((end.generatorCpuS - before.generatorCpuS) / measuredS) * 100,
  };
}

async function probe(): Promise<void> {
  const join = await joining(options.target);
  const firstPacket: number[] = [];
  const firstKeyFrame: number[] = [];
  let asked = 0;
  for (const end = performance.now() + PROBES_MS; asked < options.viewers && performance.now() < end; asked++) {
    const receiver = new RtcReceiver(`probe-${asked}`, { address, findsKeyFrame: true });
    const requestedAt = performance.now();
    await join(receiver);
    const isWatching = await receiver.watches(JOIN_WITHIN_MS);
    const waited = performance.now() - requestedAt;
    if (isWatching) {
      firstPacket.push(receiver.firstPacketAt! - requestedAt);
      firstKeyFrame.push(receiver.keyFrameAt! - requestedAt);
    }
    receiver.close();
    await after(Math.random() * (waited > LONG_WAIT_MS ? LONGEST_PAUSE_MS : SHORT_PAUSE_MS));
  }
  say('probed', {
    viewers: asked,
    failed: asked - firstKeyFrame.length,
    firstPacketMs: spreadOf(firstPacket),
    firstKeyFrameMs: spreadOf(firstKeyFrame),
  } satisfies RtcProbe);
}

async function storm(): Promise<void> {
  const join = await joining(options.target);
  const came = await Promise.all(
    Array.from({ length: options.viewers }, async (_, i) => {
      await after((i / options.viewers) * 1000);
      const receiver = new RtcReceiver(`storm-${i}`, { address, findsKeyFrame: true });
      const requestedAt = performance.now();
      const leave = await join(receiver).catch(() => null);
      if (leave) goodbyes.push(leave);
      const isWatching = leave !== null && (await receiver.watches(JOIN_WITHIN_MS));
      const { firstPacketAt, keyFrameAt } = receiver;
      return isWatching ? [firstPacketAt! - requestedAt, keyFrameAt! - requestedAt] : null;
    }),
  );
  const watching = came.filter((one) => one !== null);
  say('joined', {
    viewers: options.viewers,
    failed: options.viewers - watching.length,
    firstPacketMs: spreadOf(watching.map(([packet]) => packet!)),
    firstKeyFrameMs: spreadOf(watching.map(([, keyFrame]) => keyFrame!)),
  } satisfies RtcProbe);
}

async function leave(): Promise<never> {
  await Promise.allSettled(goodbyes.map((goodbye) => goodbye()));
  process.exit(0);
}

function say(event: string, figures: object): void {
  process.stdout.write(`${JSON.stringify({ event, ...figures })}\n`);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
