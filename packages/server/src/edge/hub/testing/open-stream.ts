import { LiveStreamImpl } from '../live-stream.ts';
import { UsageMeter } from '../usage-meter.ts';
import { WorkerTraffic } from '../worker-traffic.ts';

/** A stream without a hub. */
export function openStream(gopCacheBytes = 1 << 20): LiveStreamImpl {
  const holder = {
    sessionId: 's1',
    channelId: 'ch1',
    accountId: 'acc1',
    play: { signedWith: null },
    worker: 'w0',
    protocol: 'rtmp' as const,
    startedAtMs: 0,
  };
  const traffic = new WorkerTraffic(new UsageMeter('w0', 'run1', 0));
  return new LiveStreamImpl({ name: 'show', holder, gopCacheBytes, traffic, nowMs: 0 });
}
