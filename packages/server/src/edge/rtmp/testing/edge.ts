import type { TestContext } from 'node:test';
import type { PublishGrant, PublishRequest } from '@lianmai/contract';
import { pino } from 'pino';
import type { Bus } from '../../../bus/bus.ts';
import { MemoryBus } from '../../../bus/memory-bus.ts';
import { Fanouts } from '../../fanout/fanouts.ts';
import { Hub } from '../../hub/hub.ts';
import { ConnectionLimits } from '../../limits.ts';
import { RtmpServer, type RtmpServerOptions } from '../server.ts';

export interface EdgeOptions {
  handshakeTimeoutMs?: number;
  maxMessageBytes?: number;
  maxConnectionsPerIp?: number;
  publishGraceMs?: number;
  tls?: RtmpServerOptions['tls'];
  /** Control's decision; throws to refuse. */
  grant?(request: PublishRequest): PublishGrant | Promise<PublishGrant>;
}

export interface LogLine {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** What an RTMP port needs of a worker, on a random port, with control played by `grant`. */
export interface TestEdge {
  server: RtmpServer;
  hub: Hub;
  fanouts: Fanouts;
  bus: Bus;
  limits: ConnectionLimits;
  log: LogLine[];
  port: number;
  close(): Promise<void>;
}

export const anyone = (request: PublishRequest): PublishGrant => ({
  sessionId: `session-of-${request.stream}`,
  channelId: `channel-of-${request.stream}`,
  accountId: 'account',
  play: { signedWith: null },
});

export async function openEdge(t: TestContext, options: EdgeOptions = {}): Promise<TestEdge> {
  const lines: LogLine[] = [];
  const log = pino({ level: 'debug', base: null }, { write: (line) => lines.push(JSON.parse(line)) });
  const memoryBus = new MemoryBus();
  const { bus } = memoryBus.member();
  const { bus: control } = memoryBus.member();
  control.serve('control.publish', options.grant ?? anyone);
  control.serve('control.usage', () => ({ ok: true }));

  const hub = new Hub({
    bus,
    workerId: 'w0',
    internalAddress: '',
    settings: { publishGraceMs: options.publishGraceMs ?? 7000, gopCacheBytes: 8 << 20, maxPublishers: 100 },
    log: pino({ level: 'silent' }),
    now: () => performance.timeOrigin + performance.now(),
  });
  await hub.start();
  const fanouts = new Fanouts({
    flushMs: 10,
    viewerQueueBytes: 4 << 20,
    viewerStallMs: 10_000,
    log,
  });
  const limits = new ConnectionLimits({
    maxConnections: 10_000,
    maxConnectionsPerIp: options.maxConnectionsPerIp ?? 1000,
  });
  const server = new RtmpServer({
    hub,
    fanouts,
    limits,
    log,
    tls: options.tls ?? null,
    settings: {
      host: '127.0.0.1',
      rtmpPort: 0,
      rtmpsPort: 0,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      maxMessageBytes: options.maxMessageBytes ?? 8 << 20,
    },
  });
  await server.listen();
  const close = async () => {
    await server.close(200);
    fanouts.close();
    await hub.close();
    memoryBus.close();
  };
  t.after(close);
  return { server, hub, fanouts, bus, limits, log: lines, port: server.ports.rtmp, close };
}
