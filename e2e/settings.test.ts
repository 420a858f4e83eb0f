import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runToEnd } from './lianmai.ts';
import { freePorts } from './ports.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lianmai-settings-'));
});
after(() => rm(dir, { recursive: true, force: true }));

describe('a bad setting stops the start with one clear line', () => {
  const bad: [name: string, args: string[], says: RegExp][] = [
    ['not a number', ['--http-port', 'eighty'], /--http-port must be a whole number/],
    ['out of range', ['--rtmp-port', '70000'], /--rtmp-port must be a whole number from 1 to 65535/],
    ['unknown', ['--htp-port', '8080'], /--htp-port is not a setting/],
    ['without its value', ['--data-dir'], /--data-dir needs a value/],
    ['twice', ['--workers', '1', '--workers', '2'], /--workers is given twice/],
    ['ports that collide', ['--http-port', '2000', '--rtmp-port', '2000'], /choose two ports/],
    ['half a certificate', ['--tls-cert', '/nowhere.pem'], /go together/],
    ['a certificate that is not there', ['--tls-cert', '/nowhere.pem', '--tls-key', '/nowhere.key'], /does not exist/],
    ['a short API key', ['--api-key', 'short'], /--api-key must be/],
    ['a database of another kind', ['--database-url', 'mysql://x/y'], /--database-url must be a URL/],
    ['a folder that cannot be made', ['--data-dir', '/dev/null/data'], /--data-dir/],
  ];
  for (const [name, args, says] of bad)
    it(name, async () => {
      const { code, stdout, stderr } = await runToEnd(...args);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, says);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    });
});

it('a port that is taken stops the start and names the flag', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const taken = (holder.address() as { port: number }).port;
  const [free = 0] = await freePorts(1);
  const { code, stderr } = await runToEnd(
    ...['--http-port', String(taken), '--rtmp-port', String(free), '--host', '127.0.0.1', '--data-dir', dir],
  );
  holder.close();
  assert.equal(code, 1);
  assert.match(stderr, /--http-port/);
  assert.match(stderr, new RegExp(`${taken}`));
});

it('a database that does not answer stops the start with a sentence, without its password', async () => {
  const [http = 0, rtmp = 0, nobody = 0] = await freePorts(3);
  const { code, stderr } = await runToEnd(
    ...['--http-port', String(http), '--rtmp-port', String(rtmp), '--host', '127.0.0.1', '--data-dir', dir],
    ...['--database-url', `postgres://lianmai:secret-password@127.0.0.1:${nobody}/lianmai`, '--workers', '1'],
  );
  assert.equal(code, 1);
  assert.match(stderr, /database/i);
  assert.doesNotMatch(stderr, /secret-password/);
});

it('--help lists every setting with its default', async () => {
  const { code, stdout } = await runToEnd('--help');
  assert.equal(code, 0);
  for (const flag of ['--http-port', '--rtmp-port', '--rtc-port', '--host', '--public-host', '--data-dir', '--api-key'])
    assert.ok(stdout.includes(flag), flag);
  for (const flag of ['--database-url', '--workers', '--ice-servers', '--demo']) assert.ok(stdout.includes(flag), flag);
  assert.match(stdout, /8080/);
});
