import { PLAY_PROTOCOLS } from '@lianmai/contract';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Fanouts } from './fanout/fanouts.ts';
import type { Hub } from './hub/hub.ts';
import type { ImServer } from './im/im-server.ts';
import type { ConnectionLimits } from './limits.ts';

export interface MeasuredParts {
  hub: Hub;
  fanouts: Fanouts;
  im: ImServer;
  limits: ConnectionLimits;
}

/** A worker's figures; read from the parts when somebody asks, so that counting costs the media nothing. */
export function registerMetrics(registry: Registry, { hub, fanouts, im, limits }: MeasuredParts): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('lianmai_publishers', 'Streams published on this worker', () => hub.audience().publishers);
  gauge('lianmai_connections', 'Client connections, all protocols', () => limits.open);
  gauge('lianmai_im_connections', 'Chat connections on this worker', () => im.connections);
  gauge('lianmai_flush_tick_seconds', 'Tick of the merged writes to FLV and RTMP viewers', () => fanouts.tickMs / 1000);
  new Gauge({
    name: 'lianmai_viewers',
    help: 'Viewers on this worker',
    labelNames: ['protocol'],
    registers,
    collect() {
      const { viewers } = hub.audience();
      for (const protocol of PLAY_PROTOCOLS) this.set({ protocol }, viewers[protocol] ?? 0);
    },
  });
  total(registers, 'lianmai_bytes_in_total', 'Media bytes received from publishers', () => hub.traffic.bytesIn);
  total(registers, 'lianmai_bytes_out_total', 'Media bytes sent to viewers', () => hub.traffic.bytesOut);
  count(
    registers,
    'lianmai_frames_dropped_total',
    'Frames that slow viewers did not get',
    () => hub.traffic.framesDropped,
  );
  count(registers, 'lianmai_im_deliveries_total', 'Batches of chat written to a connection', () => im.delivered);
  count(registers, 'lianmai_im_dropped_total', 'Batches that slow chat connections did not get', () => im.dropped);
}

function total(registers: Registry[], name: string, help: string, byProtocol: () => ReadonlyMap<string, number>): void {
  new Counter({
    name,
    help,
    labelNames: ['protocol'],
    registers,
    collect() {
      this.reset();
      for (const [protocol, bytes] of byProtocol()) this.inc({ protocol }, bytes);
    },
  });
}

function count(registers: Registry[], name: string, help: string, value: () => number): void {
  new Counter({
    name,
    help,
    registers,
    collect() {
      this.reset();
      this.inc(value());
    },
  });
}
