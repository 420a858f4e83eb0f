import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { ensureSelfSigned } from './self-signed.ts';

const now = Date.now();

test('a certificate for the host and localhost is made once, and anew when the host changes or it ends soon', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lianmai-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const read = async (host: string, atMs: number) => {
    const { tlsCert, tlsKey } = await ensureSelfSigned(folder, host, atMs);
    const [cert, key] = [readFileSync(tlsCert), readFileSync(tlsKey)];
    createSecureContext({ cert, key });
    assert.equal(statSync(tlsKey).mode & 0o777, 0o600);
    return new X509Certificate(cert);
  };

  const first = await read('192.0.2.7', now);
  assert.equal(first.checkIP('192.0.2.7'), '192.0.2.7');
  assert.equal(first.checkHost('localhost'), 'localhost');
  assert.equal((await read('192.0.2.7', now)).serialNumber, first.serialNumber);

  const second = await read('live.example.org', now);
  assert.equal(second.checkHost('live.example.org'), 'live.example.org');
  assert.notEqual(second.serialNumber, first.serialNumber);
  assert.notEqual((await read('live.example.org', now + 380 * 86_400_000)).serialNumber, second.serialNumber);
});
