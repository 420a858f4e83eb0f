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

interface Pages {
  folder: string;
  get(path: string): Promise<Response>;
}

/** A server of a page that says nothing. */
async function start(t: TestContext, pictureSources: readonly string[]): Promise<Pages> {
  const folder = await mkdtemp(join(tmpdir(), 'lianmai-pages-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  const server = createServer(openPages(pathToFileURL(`${folder}/`), pictureSources)).listen(0, '127.0.0.1');
  t.after(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    folder,
    get: (path) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } }),
  };
}

/** @returns what the pages may show pictures from. */
async function imageSources(t: TestContext, allowed: readonly string[]): Promise<string | undefined> {
  const { get } = await start(t, allowed);
  const answer = await get('/room/any');
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

test('a page that is built anew below the server costs its requests, not the worker', async (t) => {
  const { folder, get } = await start(t, []);
  await rm(join(folder, 'index.html'));
  await assert.rejects(get('/').then((answer) => answer.text()));
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  assert.equal(await (await get('/')).text(), '<!doctype html>');
});
