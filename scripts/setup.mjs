/**
 * What a fresh clone needs before its first start or test, done once and remembered: the npm packages (the pinned
 * Node 24 among them) and the built web pages. Runs on the machine's own Node, from 20 on.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.lianmai-installed');
const web = join(root, 'packages', 'web');
const webStamp = join(web, 'dist', '.built-from');

/** Installs and builds what is missing or out of date; ends the process with one clear line when it cannot. */
export function setUp() {
  const packages = hashOf([
    'package.json',
    'package-lock.json',
    ...readdirSync(join(root, 'packages')).map((p) => `packages/${p}/package.json`),
  ]);
  if (read(installStamp) !== packages) {
    say('Setting up: installing packages (only now; about a minute) …');
    const npm = process.env.npm_execpath;
    // Not `npm ci`: it refuses a lock file that leaves out optional packages of other platforms which a mirror lacks.
    const install = ['install', '--no-save', '--include=dev', '--include=optional'];
    const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...install]] : ['npm', install];
    // node-av needs no ffmpeg program beside the one it carries.
    run(command, args, 'the packages could not be installed', { SKIP_FFMPEG: 'true' });
    writeFileSync(installStamp, packages);
  }
  const pages = hashOf(filesBelow('packages/web').concat('packages/contract/package.json', 'package-lock.json'));
  if (read(webStamp) !== pages) {
    say('Setting up: building the web pages …');
    run(
      node24(),
      [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'],
      'the web pages could not be built',
      {},
      web,
    );
    mkdirSync(dirname(webStamp), { recursive: true });
    writeFileSync(webStamp, pages);
  }
}

/** The pinned Node 24, or this one where none is packaged for the platform and this one is new enough. */
export function node24() {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  fail(`Node 24 is needed and not packaged for ${process.platform} ${process.arch}; install it and start again`);
}

export function say(line) {
  console.error(line);
}

export function fail(line) {
  say(line);
  process.exit(1);
}

function run(command, args, problem, env, cwd = root) {
  const done = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status === 0) return;
  say([done.error?.message, done.stdout, done.stderr].filter(Boolean).join('\n').trimEnd());
  fail(`Setting up failed: ${problem} (see above)`);
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !['node_modules', 'dist'].includes(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : `${folder}/${entry.name}`));
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files.toSorted())
    if (existsSync(join(root, file))) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
