import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, freeUdpPorts, processTree, spawnServer, stop, untilServing } from '../processes.ts';
import { longestPauseMs } from './loop-pause.ts';
import type { Peer, RunningServer } from './server.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'packages', 'server', 'src', 'main.ts');
export const API_KEY = 'benchmark-operator-key';
const START_MS = 20_000;

/** This repository's system as `npm start` runs it, with one media worker, all its processes counted. */
export const lianmai: Peer = {
  name: 'lianmai',
  protocols: ['flv', 'rtmp'],
  hasTick: true,
  missing: () => null,
  start: (flushMs) => startLianmai(flushMs === null ? {} : { 'flush-ms': flushMs }),
};

/** @param more settings besides, by their flags. */
export async function startLianmai(more: Readonly<Record<string, string | number>>): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-lianmai-'));
  const [httpPort, rtmpPort] = (await freePorts(2)) as [number, number];
  const [rtcPort] = (await freeUdpPorts(1)) as [number];
  const settings = {
    'http-port': httpPort,
    'rtmp-port': rtmpPort,
    'rtc-port': rtcPort,
    host: '127.0.0.1',
    'public-host': '127.0.0.1',
    'data-dir': folder,
    'api-key': API_KEY,
    workers: 1,
    // All clients of a benchmark come from one.
    'max-connections-per-ip': 20_000,
    'max-offers-per-ip': 20_000,
    'log-level': 'warn',
    'log-format': 'json',
    ...more,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawnServer(process.execPath, [MAIN, ...args]);
  const http = `http://127.0.0.1:${httpPort}`;
  const end = async () => {
    await stop(server.child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilServing(server, START_MS, () => isHealthy(http));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    pids: processTree(server.child.pid!),
    rtmpPort,
    httpPort,
    streams: (count) => Promise.all(Array.from({ length: count }, (_, i) => makeChannel(http, `bench-${i}`))),
    loopPauseMs: async () => longestPauseMs(await (await fetch(`${http}/metrics`)).text()),
    [Symbol.asyncDispose]: end,
  };
}

async function isHealthy(http: string): Promise<boolean> {
  try {
    return (await fetch(`${http}/healthz`)).ok;
  } catch {
    return false;
  }
}

async function makeChannel(http: string, name: string): Promise<{ push: string; play: string }> {
  const response = await fetch(`${http}/v1/channels`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, stream: name }),
  });
  if (!response.ok) throw new Error(`POST /v1/channels: ${response.status} ${await response.text()}`);
  const { push } = (await response.json()) as { push: { rtmp: string } };
  const url = new URL(push.rtmp);
  return { push: `${url.pathname.slice(1)}${url.search}`, play: url.pathname.slice(1) };
}
