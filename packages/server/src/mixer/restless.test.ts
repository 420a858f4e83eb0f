import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { Restless } from './testing/restless.ts';

/** The same things each time. */
const SEED = 11;
const EVENTS = 30;

/** A small generator of the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const sockets = () => readdirSync('/proc/self/fd').length;

it('a mix goes on whatever happens to it, and nothing is left open', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const before = sockets();
  {
    await using mixes = await Restless.start(random(SEED));
    for (let i = 0; i < EVENTS; i++) await mixes.next();
    t.diagnostic([...mixes.happened].map(([what, times]) => `${times} × ${what}`).join(', '));
    assert.ok(mixes.happened.size > 8);
  }
  const closed = Date.now() + 10_000;
  while (sockets() > before && Date.now() < closed) await new Promise(setImmediate);
  assert.ok(sockets() <= before, `${sockets() - before} files and sockets more than before`);
});
