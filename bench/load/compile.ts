import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FOLDER = import.meta.dirname;
const CACHE = join(FOLDER, '..', '.cache');
const SHARED = ['stats.c', 'media-check.c', 'rtmp-reader.c', 'rtmp-client.c'];
const PROGRAMS = {
  'viewer-load': ['viewer-load.c', 'flv-reader.c', ...SHARED],
  'chat-load': ['chat-load.c', 'stats.c'],
  'publish-load': ['publish-load.c', 'flv-source.c', ...SHARED],
};

export type LoadProgram = keyof typeof PROGRAMS;

/**
 * The load generators are C, so that thousands of viewers cost less than the server under test. Compiled once per
 * version of their sources, with the machine's C compiler.
 * @returns the program's path.
 * @throws Error that names the missing Debian packages, or holds what the compiler said.
 */
export async function compileLoad(program: LoadProgram): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const compiled = join(CACHE, `${program}-${await hashOfSources()}`);
  if (existsSync(compiled)) return compiled;
  const sources = PROGRAMS[program].map((file) => join(FOLDER, file));
  const unfinished = `${compiled}.${process.pid}`;
  try {
    await promisify(execFile)('cc', ['-std=c11', '-O2', '-Wall', '-Wextra', '-o', unfinished, ...sources]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('The load generators need a C compiler: apt-get install gcc libc6-dev', { cause: error });
  }
  await rename(unfinished, compiled);
  return compiled;
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(FOLDER)).filter((file) => /\.[ch]$/.test(file)).toSorted();
  for (const file of files) hash.update(`${file}\0`).update(await readFile(join(FOLDER, file)));
  return hash.digest('hex').slice(0, 16);
}
