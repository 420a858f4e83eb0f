import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BLOCK } from './planes.ts';
import { SoundEncoder } from './sound-encoder.ts';
import { Stage } from './testing/stage.ts';
import { tone } from './testing/tones.ts';

const MB = 2 ** 20;
const ROUND = 40;

const sources = [tone(300), tone(500, { codec: 'opus' }), tone(700, { sampleRate: 44_100 })].map((frames) =>
  frames.slice(0, 20),
);

/** A short mix with all that it needs. */
function once(): void {
  using stage = new Stage();
  for (const [i, frames] of sources.entries()) stage.play(`${i}`, frames);
  stage.listenWithout('1');
  stage.runTo(200);
  stage.mixer.removeInput('0');
  stage.runTo(300);
  for (const codec of ['aac', 'opus'] as const) {
    const encoder = new SoundEncoder({ codec, kbps: 128 });
    const { all } = stage.mixer.mix(stage.nowMs);
    for (let i = 0; i < 5; i++) encoder.encode(all, BLOCK);
    encoder.close();
  }
}

it('mixes that come and go leave no memory behind', async () => {
  const settled = async () => {
    // Memory outside the heap is freed when its last view is collected.
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await new Promise(setImmediate);
    }
    return process.memoryUsage.rss();
  };
  const round = async () => {
    for (let i = 0; i < ROUND; i++) {
      once();
      await new Promise(setImmediate);
    }
    return settled();
  };
  await round();
  const before = await round();
  const after = await round();
  // One mix with its rings takes 4 MB: as many kept ones would show.
  assert.ok(after - before < ROUND * MB, `${Math.round((after - before) / MB)} MB more`);
});
