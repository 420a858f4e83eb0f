import { destination, type Logger, pino } from 'pino';
import type { Settings } from '../settings/settings.ts';

export type { Logger } from 'pino';

/**
 * A process's log: JSON lines on standard output, buffered a little so that a slow reader never holds the media up.
 * Info: one line for each step in a life. Warn: something degraded and recovers. Error: somebody should look.
 */
export function openLog(name: string, settings: Pick<Settings, 'logLevel'>): Logger {
  return pino(
    {
      name,
      level: settings.logLevel,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['apiKey', 'query', 'txSecret', '*.apiKey', '*.query'],
    },
    destination({ dest: 1, sync: false }),
  );
}
