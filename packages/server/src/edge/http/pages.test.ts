import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openPages } from './pages.ts';

/** @returns what the pages may show pictures from. */
async function imageSources(t: TestContext, allowed: readonly string[]): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'lianmai-pages-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  const server = createServer(openPages(pathToFileURL(`${folder}/`), allowed)).listen(0, '127.0.0.1');
  t.after(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/room/any`, { headers: { connection: 'close' } });
  assert.equal(await answer.text(), '<!doctype html>', 'every address that is no file is the app');
  const directives = (answer.headers.get('content-security-policy') ?? '').split('; ');
  return directives.find((directive) => directive.startsWith('img-src'));
}

test('pages show pictures of their own server and of those the operator allows', async (t) => {
  assert.equal(await imageSources(t, ['https:']), "img-src 'self' blob: https:");
  assert.equal(
    await imageSources(t, ['https://a.example', 'b.example']),
    "img-src 'self' blob: https://a.example b.example",
  );
  assert.equal(await imageSources(t, []), "img-src 'self' blob:");
});
