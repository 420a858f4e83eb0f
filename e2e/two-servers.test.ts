import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { PostgresCluster } from '../packages/server/src/store/testing/postgres.ts';
import { Lianmai, runToEnd } from './lianmai.ts';
import { freePorts, freeUdpPorts } from './ports.ts';

/** A server on PostgreSQL that must not notice the second. */
let cluster: PostgresCluster;
let database: string;
let first: Lianmai;
const own = mkdtempSync(join(tmpdir(), 'lianmai-second-'));

before(async () => {
  cluster = await PostgresCluster.start();
  database = await cluster.createDatabase();
  first = await Lianmai.start({ workers: 1, settings: { 'database-url': database } });
});
after(async () => {
  await first?.stop();
  await cluster?.close();
  rmSync(own, { recursive: true });
});

/** Another server on this machine, on ports of its own. */
async function second(dataDir: string, ...more: string[]) {
  const [http, rtmp] = await freePorts(2);
  const ports = ['--http-port', `${http}`, '--rtmp-port', `${rtmp}`, '--rtc-port', `${await freeUdpPorts(1)}`];
  const ended = await runToEnd(...ports, '--host', '127.0.0.1', '--data-dir', dataDir, '--workers', '1', ...more);
  return { ...ended, lines: ended.stderr.trim().split('\n') };
}

it('a second server on the same data folder says so and ends; the first goes on as before', async () => {
  const { code, lines, stdout } = await second(first.dataDir);
  assert.deepEqual([code, lines.length, stdout], [1, 1, ''], lines.join('\n'));
  assert.match(lines[0] ?? '', /^Another server uses the data folder .*--data-dir$/);
  // Its processes still reach one another, on new connections too.
  for (let i = 0; i < 5; i++) await first.rest.createChannel(`after-folder-${i}`);
  await first.killAndAwaitReturn('control');
  await first.rest.createChannel('after-folder');
});

it('a second server on the same database says so and ends, also after control of the first was started again', async () => {
  for (const before of [async () => {}, () => first.killAndAwaitReturn('control')]) {
    await before();
    const { code, lines } = await second(own, '--database-url', database);
    assert.deepEqual([code, lines.length], [1, 1], lines.join('\n'));
    assert.match(lines[0] ?? '', /^Another server uses the database "t1" at .*--database-url$/);
  }
  await first.rest.createChannel('after-database');
});

it('control that cannot start again says why, and goes on when it can', async () => {
  await cluster.halt();
  first.kill('control');
  await first.logged('why', ({ name, msg }) => name === 'main' && /^No PostgreSQL answers at /.test(msg));
  await cluster.run();
  await first.healthy();
  await first.rest.createChannel('after-database-was-away');
});

it('control says in one line that it is ready', () => {
  const said = first.log.filter(({ name, msg }) => name === 'control' && /ready|listening/i.test(msg));
  assert.deepEqual(new Set(said.map(({ msg }) => msg)), new Set(['control is ready']));
});
