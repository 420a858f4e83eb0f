import { PLAY_PROTOCOLS } from '@lianmai/contract';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Fanouts } from './fanout/fanouts.ts';
import type { Hub } from './hub/hub.ts';
import type { ConnectionLimits } from './limits.ts';

export interface MeasuredParts {
  hub: Hub;
  fanouts: Fanouts;
  limits: ConnectionLimits;
}

/** A worker's figures; read from the parts when somebody asks, so that counting costs the media nothing. */
export function registerMetrics(registry: Registry, { hub, fanouts, limits }: MeasuredParts): void {
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
  new Counter({
    name: 'lianmai_frames_dropped_total',
    help: 'Frames that slow viewers did not get',
    registers,
    collect() {
      this.reset();
      this.inc(hub.traffic.framesDropped);
    },
  });
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
