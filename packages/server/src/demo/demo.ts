import { setTimeout as after } from 'node:timers/promises';
import type { Logger } from '../log/log.ts';
import { pushTestCard } from './push.ts';
import { PushHung } from './rtmp-output.ts';

export interface DemoOptions {
  /** Asked before each attempt, for a signature may have run out or its key been changed. */
  pushUrl(): Promise<string>;
  log: Logger;
  /** Ends the demo. */
  signal: AbortSignal;
}

const PICTURE = {
  codec: 'h264',
  width: 960,
  height: 540,
  fps: 25,
  bitrateKbps: 800,
  keyFrameEveryS: 2,
  bFrames: 0,
} as const;
const SOUND = { codec: 'aac', sampleRate: 48_000, bitrateKbps: 64 } as const;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5000;

/**
 * Publishes a moving test picture with sound for as long as it may, connecting again with growing pauses whenever the
 * push breaks. Resolves after the signal, when the goodbye is said. Encoding is synchronous: give it its own process.
 */
export async function startDemo({ pushUrl, log, signal }: DemoOptions): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    try {
      const url = await pushUrl();
      await pushTestCard({
        url,
        picture: PICTURE,
        sound: SOUND,
        signal,
        onLive: () => {
          retryMs = FIRST_RETRY_MS;
          log.info({ stream: streamOf(url) }, 'demo is live');
        },
      });
    } catch (error) {
      if (error instanceof PushHung) await endThisProcess(log, error);
      log.warn({ reason: (error as Error).message, retryInMs: retryMs }, 'demo push ended: trying again');
      await after(retryMs, undefined, { signal }).catch(() => {});
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
    }
  }
}

/** A thread hangs in FFmpeg and would hold exit() up for good; the supervisor starts a new process. */
function endThisProcess(log: Logger, error: PushHung): Promise<never> {
  log.error({ reason: error.message }, 'demo push hangs: ending this process');
  return new Promise(() => log.flush(() => process.kill(process.pid, 'SIGKILL')));
}

function streamOf(url: string): string {
  return new URL(url).pathname.split('/').at(-1) ?? '';
}
