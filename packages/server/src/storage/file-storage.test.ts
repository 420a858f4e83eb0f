import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FileStorage } from './file-storage.ts';
import { loadPicture, pictureKey } from './pictures.ts';

describe('storage in files', () => {
  let root: string;
  let storage: FileStorage;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'lianmai-storage-'));
    storage = new FileStorage(join(root, 'storage'));
  });
  after(() => rmSync(root, { recursive: true }));
  const MAX = { maxBytes: 1000 };
  const unfinished = () => readdirSync(join(root, 'storage', '.unfinished'));

  it('gives back what was put, and nothing once it is deleted', async () => {
    const { bytes } = await storage.put('a/b/one.bin', Buffer.from('hello'), MAX);
    assert.equal(bytes, 5);
    assert.equal(String(await storage.get('a/b/one.bin', MAX)), 'hello');
    assert.equal((await storage.stat('a/b/one.bin'))?.bytes, 5);
    assert.equal(await storage.delete('a/b/one.bin'), true);
    assert.equal(await storage.get('a/b/one.bin', MAX), null);
    assert.equal(await storage.stat('a/b/one.bin'), null);
    assert.equal(await storage.delete('a/b/one.bin'), false);
  });

  it('replaces what was there at once: a reader sees the one or the other', async () => {
    const [first, second] = [Buffer.alloc(900, 1), Buffer.alloc(500, 2)];
    await storage.put('swap', first, MAX);
    const writing = storage.put('swap', second, MAX);
    for (let i = 0; i < 20; i++) {
      const seen = await storage.get('swap', MAX);
      assert.ok(seen?.equals(first) || seen?.equals(second));
    }
    await writing;
    assert.ok((await storage.get('swap', MAX))?.equals(second));
  });

  it('takes a stream, and nothing of one that is too long or breaks', async () => {
    async function* parts(count: number, fails = false) {
      for (let i = 0; i < count; i++) yield Buffer.alloc(100, i);
      if (fails) throw new Error('the source broke');
    }
    assert.equal((await storage.put('parts', parts(10), MAX)).bytes, 1000);
    await assert.rejects(storage.put('long', parts(11), MAX), { name: 'TOO_LARGE' });
    await assert.rejects(storage.put('broken', parts(2, true), MAX), /the source broke/);
    assert.deepEqual([await storage.stat('long'), await storage.stat('broken'), unfinished()], [null, null, []]);
    await assert.rejects(storage.get('parts', { maxBytes: 999 }), { name: 'TOO_LARGE' });
  });

  it('has no key that leads out of its folder', async () => {
    for (const key of ['../x', 'a/../../x', '/etc/passwd', 'a//b', '.hidden', 'a/', '', 'a\0b', 'x'.repeat(513)]) {
      await assert.rejects(storage.put(key, Buffer.from('x'), MAX), /storage key/, key);
      await assert.rejects(storage.get(key, MAX), /storage key/, key);
    }
  });

  it('tidies up what a killed process left half written, not what is being written', async () => {
    const folder = join(root, 'storage', '.unfinished');
    mkdirSync(folder, { recursive: true });
    for (const name of ['old', 'young']) writeFileSync(join(folder, name), 'x');
    utimesSync(join(folder, 'old'), 1, 1);
    await storage.tidy(Date.now());
    assert.deepEqual(unfinished(), ['young']);
    await new FileStorage(join(root, 'never-used')).tidy(Date.now());
  });

  it('finds pictures by their id only', async () => {
    const id = `pic_${'0a'.repeat(20)}`;
    await storage.put(pictureKey(id), Buffer.from('png'), MAX);
    assert.equal(String(await loadPicture(storage, id)), 'png');
    assert.equal(await loadPicture(storage, `pic_${'0b'.repeat(20)}`), null);
    assert.equal(await loadPicture(storage, '../../control.sock'), null);
  });
});
