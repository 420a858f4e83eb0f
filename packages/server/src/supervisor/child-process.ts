import { flushCompileCache } from 'node:module';
import { setTimeout as after } from 'node:timers/promises';
import type { ProcessHealth } from '@lianmai/contract';
import type { Registry } from 'prom-client';
import type { Bus } from '../bus/bus.ts';
import { LocalBus } from '../bus/local-bus.ts';
import { parentChannel } from '../bus/local-channel.ts';
import { type Logger, openLog } from '../log/log.ts';
import { openMetrics } from '../metrics/process-metrics.ts';
import type { ChildStart, FromChild, ToChild } from './messages.ts';

/** What a process of the system is given. */
export interface ChildContext extends ChildStart {
  bus: Bus;
  log: Logger;
  /** This process's metrics: whoever counts something registers it here. */
  metrics: Registry;
}

/** A running part: how to end it, and the lines it wants said at the start. */
export interface RunningChild {
  say?: readonly string[];
  /** Rejects with the reason while it cannot do its work, such as a database that is away. */
  check?(): Promise<void>;
  /** Lets clients go and flushes what is not yet told; called once. */
  close(): Promise<void>;
}

/** Why a part cannot start, in a sentence for the person at the terminal; trying again would not help. */
export class CannotStart extends Error {}

const DRAIN_MS = 6000;

/**
 * Runs one process of the system under the supervisor: waits for its start message, tells when it is ready, drains on
 * SIGTERM or when told, and ends at once when the supervisor is gone (nobody would own it).
 */
export function runChild(run: (context: ChildContext) => Promise<RunningChild>): void {
  const toSupervisor = (message: FromChild) => process.connected && process.send?.(message);
  let running: Promise<RunningChild> | null = null;
  let log: Logger | null = null;

  const stop = async () => {
    process.removeAllListeners('SIGTERM').on('SIGTERM', () => {});
    const drained = running?.then((child) => child.close());
    const late = await Promise.race([drained?.then(() => false), after(DRAIN_MS, true, { ref: false })]).catch(
      (error) => {
        log?.error({ err: error }, 'failed while stopping');
        return false;
      },
    );
    if (late) log?.warn({ afterMs: DRAIN_MS }, 'did not drain in time');
    exitAfterFlush(log, 0);
  };
  const crash = (error: unknown) => {
    log?.fatal({ err: error }, 'crashed');
    exitAfterFlush(log, 1);
  };

  process.on('SIGINT', () => {}); // a terminal sends it to the whole group: the supervisor says when to stop
  process.on('SIGTERM', () => void stop());
  process.on('uncaughtException', crash);
  process.on('disconnect', () => process.exit(1));
  process.on('message', (message: ToChild) => {
    if ('stop' in message) void stop();
    if (!('start' in message) || running) return;
    const { start } = message;
    process.title = `lianmai-${start.name}`;
    const ownLog = openLog(start.name, start.settings);
    log = ownLog;
    const bus = new LocalBus(parentChannel(), (err, subject) =>
      ownLog.error({ err, subject }, 'a bus listener failed'),
    );
    running = run({ ...start, bus, log, metrics: openMetrics(bus, start.name) });
    running.then(
      (child) => {
        bus.answer('all.health', () => health(start.name, child));
        toSupervisor({ ready: { say: child.say ?? [] } });
        flushCompileCache(); // it is written at the exit otherwise, and a killed process has none
      },
      (error) => {
        if (!(error instanceof CannotStart)) return crash(error);
        toSupervisor({ fatal: error.message });
        exitAfterFlush(log, 1);
      },
    );
  });
}

async function health(name: string, child: RunningChild): Promise<ProcessHealth> {
  try {
    await child.check?.();
    return { name, ok: true };
  } catch (error) {
    return { name, ok: false, detail: (error as Error).message };
  }
}

function exitAfterFlush(log: Logger | null, code: number): void {
  if (!log) process.exit(code);
  log.flush(() => process.exit(code));
}
