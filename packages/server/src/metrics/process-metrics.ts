import {
  AggregatorRegistry,
  collectDefaultMetrics,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { Bus } from '../bus/bus.ts';

/** How often the event loop's delay is sampled; each sample wakes an idle process up, and is counted into the delay. */
const LOOP_SAMPLE_MS = 50;

type Snapshot = MetricObjectWithValues<MetricValue<string>>[];

/** A process's metrics, begun with the runtime's own (CPU, memory, event-loop delay); answers whoever gathers. */
export function openMetrics(bus: Bus, process: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  collectDefaultMetrics({ register: registry, prefix: 'lianmai_', eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  // These list every socket at each reading: milliseconds of pause for figures `lianmai_connections` has for nothing.
  for (const kind of ['handles', 'requests', 'resources'])
    for (const suffix of ['', '_total']) registry.removeSingleMetric(`lianmai_nodejs_active_${kind}${suffix}`);
  bus.answer('all.metrics', () => registry.getMetricsAsJSON());
  return registry;
}

/** Prometheus text of all processes that answer in time, with its content type. */
export async function gatherMetrics(bus: Bus): Promise<{ contentType: string; text: string }> {
  const snapshots = (await bus.gather('all.metrics', null)) as Snapshot[];
  const all = AggregatorRegistry.aggregate(snapshots as unknown as object[]);
  return { contentType: all.contentType, text: await all.metrics() };
}
