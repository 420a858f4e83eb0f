/**
 * `npm test`: sets up, then runs the static checks, the unit tests and the end-to-end tests; the last line says what
 * passed. `--only static|unit|e2e` runs one of the three.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { missingDebianPackages } from './debian-packages.mjs';
import { fail, node24, root, say, setUp } from './setup.mjs';

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : null;
const parts = ['static', 'unit', 'e2e'].filter((part) => only === null || only === part);
if (parts.length === 0) fail(`--only takes static, unit or e2e, not "${only}"`);

/** Files that measure delays and gaps, or mix in real time, and so have the machine to themselves. */
const ALONE = ['delay', 'lip-sync', 'mix-delay', 'mix-engine', 'program', 'rtc'].map((name) => `e2e/${name}.test.ts`);
ALONE.push('packages/server/src/mixer/mixer.test.ts');

/** Unit tests make many small databases; here they wait for no disk. */
const MEMORY_FOLDER = '/dev/shm';

for (const file of ALONE) if (!existsSync(join(root, file))) fail(`scripts/test.mjs names ${file}, which is not there`);
setUp();
if (parts.includes('unit') || parts.includes('e2e')) installDebianPackages();

const total = { passed: 0, failed: 0 };
/** What the end says again, for the log is long: what failed, what did only the first time, and how long files took. */
const findings = [];
const unsteady = [];
const times = [];
/** More files than these do not fail by chance. */
const MOST_IN_DOUBT = 3;
for (const part of parts) {
  if (part === 'static') runStatic();
  if (part === 'unit') await runUnit();
  if (part === 'e2e') await runEndToEnd();
}
sayFindings();
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);

function runStatic() {
  const bin = (name) => join(root, 'node_modules', '.bin', name);
  const checks = [
    ['types', bin('tsc'), ['-p', 'tsconfig.json']],
    ['style and import directions', bin('biome'), ['ci', '--colors=off', '--error-on-warnings', '.']],
    ['unused code', bin('knip'), []],
  ];
  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` };
  for (const [name, command, args] of checks) {
    const done = spawnSync(command, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 26 });
    if (done.status === 0) {
      total.passed++;
      console.log(`✔ ${name}`);
    } else {
      total.failed++;
      const said = `${done.stdout}${done.stderr}${done.error?.message ?? ''}`;
      console.log(`✖ ${name}\n${said}`);
      findings.push({ failed: name, at: command, error: said });
    }
  }
}

/** More files at a time than there are cores: some wait. */
function runUnit() {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/src`);
  const files = [...packages, 'bench'].flatMap(testsBelow);
  return runApart(files, availableParallelism() + 1, hasRoom(MEMORY_FOLDER) ? MEMORY_FOLDER : null);
}

/** Two files at a time: they wait more than they compute. */
function runEndToEnd() {
  return runApart(testsBelow('e2e'), 2, null);
}

function testsBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

async function runApart(files, concurrency, scratch) {
  const alone = files.filter((file) => ALONE.includes(file));
  await runTests(
    files.filter((file) => !alone.includes(file)),
    concurrency,
    scratch,
  );
  await runTests(alone, 1, scratch);
}

/**
 * Runs test files, so many at a time, and those that failed once more, by themselves. What passes then is not held against
 * the change, and is said all the same (docs/decisions/0015). What they write goes below `scratch`; null: where everybody's does.
 */
async function runTests(files, concurrency, scratch) {
  // Told no files, Node's runner takes all that look like tests.
  if (files.length === 0) return;
  const first = await runOnce(files, concurrency, scratch);
  const inDoubt = first.failures.length > 0 ? filesOf(first.failures) : null;
  if (!inDoubt || inDoubt.length > MOST_IN_DOUBT) return count(first);
  const names = inDoubt.map((file) => relative(root, file)).join(', ');
  say(`Failed: ${first.failures.map(({ failed }) => failed).join('; ')}. Running ${names} once more`);
  const second = await runOnce(inDoubt, 1, scratch);
  const again = new Set(second.failures.map(({ failed }) => failed));
  unsteady.push(...first.failures.filter(({ failed }) => !again.has(failed)));
  count({ ...second, passed: first.passed + Math.max(0, first.failed - second.failed) });
}

function count({ passed, failed, failures }) {
  total.passed += passed;
  total.failed += failed;
  findings.push(...failures);
}

/** @returns the files in which something failed; null: of some of it that is not known. */
function filesOf(failures) {
  const paths = failures.map(({ at }) => at.replace(/:\d+$/, ''));
  return paths.every((path) => existsSync(path)) ? [...new Set(paths)] : null;
}

async function runOnce(files, concurrency, scratch) {
  const folder = mkdtempSync(join(scratch ?? tmpdir(), 'lianmai-tests-'));
  chmodSync(folder, 0o755); // PostgreSQL runs as another user
  const found = join(folder, 'findings');
  const args = [
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(root, 'scripts', 'test-findings.mjs')}`,
    `--test-reporter-destination=${found}`,
    `--test-concurrency=${concurrency}`,
    '--test-timeout=600000',
    ...files,
  ];
  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` };
  if (scratch !== null) env.TMPDIR = folder;
  const child = spawn(node24(), args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [status] = await once(child, 'exit');
  const lines = existsSync(found) ? readFileSync(found, 'utf8').split('\n').filter(Boolean) : [];
  rmSync(folder, { recursive: true, force: true });
  const said = lines.map((line) => JSON.parse(line));
  times.push(...said.filter(({ file }) => file));
  const failures = said.filter(({ failed }) => failed);
  const { passed = 0, failed = 0, cancelled = 0 } = said.at(-1)?.counts ?? {};
  if (status === 0 && passed === 0) say(`No test of ${files.join(', ')} was run`);
  const isBroken = (status === 0) !== (failed + cancelled === 0) || (status === 0 && passed === 0);
  return { passed, failed: failed + cancelled + (isBroken ? 1 : 0), failures };
}

/** Whether a folder can take the tests' databases, a few hundred megabytes at a time at most. */
function hasRoom(folder) {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > 2 ** 30;
  } catch {
    return false;
  }
}

/** Which files took long, and at the very end, where people look, what failed and why. */
function sayFindings() {
  const slowest = times.sort((a, b) => b.ms - a.ms).slice(0, 12);
  const seconds = slowest.map(({ file, ms }) => `${relative(root, file)} ${Math.round(ms / 1000)} s`);
  if (seconds.length > 0) console.log(`Slowest: ${seconds.join(', ')}`);
  for (const finding of unsteady) console.log(`⚠ failed at first, and passed when run once more: ${wordsOf(finding)}`);
  for (const finding of findings) console.log(`✖ ${wordsOf(finding)}`);
}

function wordsOf({ failed, at, error }) {
  const words = error.trim().split('\n').slice(0, 14).join('\n    ').slice(0, 1500);
  return `${failed}\n    ${relative(root, at)}\n    ${words}`;
}

/** The tests' peers (encoders, browser, database) come from Debian; without root they are only named. */
function installDebianPackages() {
  const missing = missingDebianPackages();
  if (missing.length === 0) return;
  const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (!canInstall) {
    say(`Missing Debian packages (tests that need them will fail): apt-get install ${missing.join(' ')}`);
    return;
  }
  say(`Setting up: installing Debian packages ${missing.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
  const done = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (done.status !== 0) say(`Not all could be installed:\n${done.stderr}`);
}
