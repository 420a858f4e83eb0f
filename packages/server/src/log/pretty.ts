import { PassThrough, type Readable } from 'node:stream';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Settings } from '../settings/settings.ts';

/** Log lines of this process and its children made readable for a terminal; null where JSON is wanted. */
export function prettyOutput(settings: Settings): { ownLog: Logger; child(lines: Readable): void } | null {
  const wanted = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && process.stdout.isTTY);
  if (!wanted) return null;
  const options = {
    colorize: process.stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname,name',
    messageFormat: '{name}: {msg}',
  };
  const lines = new PassThrough();
  lines.pipe(pretty(options));
  lines.setMaxListeners(0);
  return {
    ownLog: pino({ name: 'main', base: { name: 'main' }, level: settings.logLevel }, lines),
    child: (child) => passLines(child, lines),
  };
}

/** Whole lines only, or those of two children would run into each other. */
function passLines(from: Readable, to: PassThrough): void {
  let rest = '';
  from.setEncoding('utf8').on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) to.write(rest + text.slice(0, end));
    rest = end > 0 ? text.slice(end) : rest + text;
  });
}
