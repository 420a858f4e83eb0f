import { setTimeout as after } from 'node:timers/promises';
import { generate } from './load/generators.ts';
import type { BenchOptions } from './options.ts';
import { type ChatPeer, chooseChatPeers } from './peers/chat.ts';
import { residentKb } from './processes.ts';
import { figure } from './report/figures.ts';
import { imReport } from './report/im-report.ts';

/** What a room cost its server, and what its members got. */
export interface ChatMeasurement {
  clients: number;
  members: number;
  dead: number;
  said: number;
  deliveries: number;
  deliveriesPerS: number;
  cpuUsPerDelivery: number;
  cpuPercent: number;
  delayMs: { p50: number; p99: number; max: number };
  /** All processes of the server, before anybody spoke. */
  memoryKbPerClient: number;
  generatorCpuPercent: number;
  machineBusyPercent: number;
}

export interface ImRun {
  peer: string;
  sockets: number;
  repeat: number;
  load: ChatMeasurement;
  /** Of the process that holds the sockets. */
  workerKbPerSocket: number;
}

const RATE_PER_S = 40;
/** A young process still interprets what it does 40 times a second. */
const WARM_S = 15;
const RAMP_PER_S = 1000;
/** A server collects the garbage of its start. */
const BEFORE_MS = 2000;

/** `npm run bench im`: what a chat room costs, beside Socket.IO and plain `ws`. */
export async function benchIm(options: BenchOptions): Promise<{ text: string; json: unknown }> {
  const repeats = options.repeats ?? (options.quick ? 1 : 3);
  const measureS = options.measureS ?? (options.quick ? 6 : 10);
  const crowds = options.viewers ?? [1000, 10_000];
  const peers = chooseChatPeers(options.servers);
  console.log(`im: one room, ${RATE_PER_S} messages/s in, ${repeats} × ${measureS} s each`);
  const runs: ImRun[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++)
    for (const sockets of crowds)
      for (const peer of peers) {
        const run = { peer: peer.name, sockets, repeat, ...(await measure(peer, sockets, measureS)) };
        runs.push(run);
        console.log(progress(run));
      }
  const report = imReport(runs);
  return { text: report.text, json: { measureS, repeats, medians: report.medians, runs } };
}

async function measure(
  peer: ChatPeer,
  sockets: number,
  measureS: number,
): Promise<Pick<ImRun, 'load' | 'workerKbPerSocket'>> {
  await using server = await peer.start(sockets);
  await after(BEFORE_MS);
  const { port, pids, worker, member } = server;
  const before = residentKb([worker]);
  await using crowd = await generate('chat-load', {
    port,
    ...member,
    clients: sockets,
    rate: RATE_PER_S,
    ramp: RAMP_PER_S,
    warm: WARM_S,
    measure: measureS,
    pids: pids.join(','),
    hold: true,
  });
  await crowd.next('entered');
  const workerKbPerSocket = (residentKb([worker]) - before) / sockets;
  const load = await crowd.next<ChatMeasurement>('measured');
  return { load, workerKbPerSocket };
}

function progress({ peer, sockets, repeat, load, workerKbPerSocket }: ImRun): string {
  const { deliveriesPerS, cpuUsPerDelivery, delayMs, members, generatorCpuPercent, cpuPercent } = load;
  const trouble = members < sockets ? `, ${sockets - members} not in` : '';
  return `  ${repeat}. ${peer} ${sockets} sockets: ${figure(deliveriesPerS)} deliveries/s, ${figure(cpuUsPerDelivery)} µs each (${figure(cpuPercent)} % CPU), p50 ${delayMs.p50} ms, p99 ${delayMs.p99} ms, ${figure(workerKbPerSocket)} KB/socket (clients: ${figure(generatorCpuPercent)} % CPU)${trouble}`;
}
