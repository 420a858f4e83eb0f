/** The supervisor's process: reads the settings, starts the parts, says where everything is, drains on SIGTERM. */
import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { openLog } from './log/log.ts';
import { prettyOutput } from './log/pretty.ts';
import { helpText, parseSettings, SettingsError } from './settings/parse.ts';
import type { Settings } from './settings/settings.ts';
import { folderTaken, lockFile } from './store/folder-lock.ts';
import { findTakenPort } from './supervisor/ports.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { ensureSelfSigned } from './tls/self-signed.ts';

process.title = 'lianmai-main';
const FOLDER_WITHIN_MS = 2000;
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(helpText());
  process.exit(0);
}
await run(await withCertificate(readSettings(args)));

async function run(settings: Settings): Promise<void> {
  const output = prettyOutput(settings);
  const log = output ? output.ownLog : openLog('main', settings);
  const supervisor = new Supervisor({ settings, version, log, output: output ? output.child : null });
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping: letting clients go');
    await supervisor.stop();
    log.info('stopped');
    log.flush(() => process.exit(0));
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));

  await freePorts(settings);
  takeFolder(settings.dataDir);
  try {
    const said = await supervisor.start();
    if (!stopping) console.log(said.join('\n'));
  } catch (error) {
    stopping = true;
    console.error((error as Error).message);
    await supervisor.stop();
    process.exit(1);
  }
}

async function withCertificate(settings: Settings): Promise<Settings> {
  if (settings.tls !== 'self-signed') return settings;
  return { ...settings, ...(await ensureSelfSigned(settings.dataDir, settings.publicHost, Date.now())) };
}

/** A killed supervisor's children let the ports go within moments, so one that is taken is tried for a while. */
async function freePorts(settings: Settings): Promise<void> {
  for (const waitMs of [100, 200, 300, 400, 0]) {
    const taken = await findTakenPort(settings);
    if (!taken) return;
    if (waitMs === 0) fail(taken);
    await after(waitMs);
  }
}

/** For as long as this process lives: a second server would take away the sockets of the first before it knows better. */
function takeFolder(dataDir: string): void {
  const lock = lockFile(dataDir, 'lianmai-main.lock', FOLDER_WITHIN_MS);
  if (!lock) fail(folderTaken(dataDir));
  process.once('exit', () => lock.close());
}

function readSettings(args: readonly string[]): Settings {
  try {
    const settings = parseSettings(args, process.env);
    mkdirSync(settings.dataDir, { recursive: true });
    return settings;
  } catch (error) {
    if (error instanceof SettingsError) fail(error.message);
    const { code } = error as NodeJS.ErrnoException;
    if (code) fail(`The data folder cannot be made (${code}): choose another with --data-dir`);
    throw error;
  }
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
