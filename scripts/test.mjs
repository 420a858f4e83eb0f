/**
 * `npm test`: sets up, then runs the static checks, the unit tests and the end-to-end tests; the last line says what
 * passed. `--only static|unit|e2e` runs one of the three.
 */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { missingDebianPackages } from './debian-packages.mjs';
import { fail, node24, root, say, setUp } from './setup.mjs';

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : null;
const parts = ['static', 'unit', 'e2e'].filter((part) => only === null || only === part);
if (parts.length === 0) fail(`--only takes static, unit or e2e, not "${only}"`);

setUp();
if (parts.includes('unit') || parts.includes('e2e')) installDebianPackages();

const total = { passed: 0, failed: 0 };
for (const part of parts) {
  if (part === 'static') runStatic();
  else await runTests(part);
}
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
      console.log(`✖ ${name}\n${done.stdout}${done.stderr}${done.error?.message ?? ''}`);
    }
  }
}

/** Unit tests run side by side; an end-to-end file has the machine to itself. */
async function runTests(part) {
  const patterns = part === 'unit' ? ['packages/*/src/**/*.test.ts', 'bench/**/*.test.ts'] : ['e2e/**/*.test.ts'];
  const concurrency = part === 'unit' ? '2' : '1';
  const args = [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${concurrency}`,
    '--test-timeout=300000',
    ...patterns,
  ];
  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` };
  const child = spawn(node24(), args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let tail = '';
  for await (const chunk of child.stdout) {
    process.stdout.write(chunk);
    tail = (tail + chunk).slice(-4000);
  }
  const status = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
  const count = (word) => Number(tail.match(new RegExp(`^ℹ ${word} (\\d+)`, 'm'))?.[1] ?? 0);
  total.passed += count('pass');
  const failed = count('fail') + count('cancelled');
  total.failed += failed;
  if (status !== 0 && failed === 0) total.failed++;
  if (status === 0 && count('pass') === 0) {
    say(`No ${part} test was run`);
    total.failed++;
  }
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
