import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AudioFrame } from '@lianmai/media';
import { onsets } from '../../transcoder/testing/sources.ts';
import { BLOCK, planes, SAMPLE_RATE, SAMPLES_PER_MS } from './planes.ts';
import { SoundEncoder } from './sound-encoder.ts';

const BEEP_EVERY_MS = 500;
const BEEP_MS = 120;
const SECONDS = 3;

/** Beeps at 0, 500, 1000 ms and so on, encoded by blocks of this size and stamped as the encoder says. */
function beeps(codec: 'aac' | 'opus', block: number): { frames: AudioFrame[]; encoder: SoundEncoder } {
  const encoder = new SoundEncoder({ codec, kbps: 128 });
  const given = planes(block);
  const frames: AudioFrame[] = [{ track: 'audio', codec, type: 'config', dts: 0, cts: 0, data: encoder.config }];
  for (let from = 0; from < SECONDS * SAMPLE_RATE; from += block) {
    for (const plane of given)
      for (let i = 0; i < block; i++) {
        const ms = (from + i) / SAMPLES_PER_MS;
        plane[i] = ms % BEEP_EVERY_MS < BEEP_MS ? 0.5 * Math.sin(2 * Math.PI * ms) : 0;
      }
    for (const { ptsSamples, data } of encoder.encode(given, block))
      frames.push({ track: 'audio', codec, type: 'key', dts: ptsSamples / SAMPLES_PER_MS, cts: 0, data });
  }
  return { frames, encoder };
}

describe('SoundEncoder', () => {
  for (const codec of ['aac', 'opus'] as const)
    for (const block of [BLOCK, 960, 333])
      it(`${codec} of blocks of ${block}: each beep is heard when its stamps say, within 3 ms`, () => {
        const { frames, encoder } = beeps(codec, block);
        const [, first] = frames;
        assert.equal(Math.round((first?.dts ?? 0) * SAMPLES_PER_MS), -encoder.delaySamples);
        const heard = onsets(frames).filter((ms) => ms > 100);
        assert.equal(heard.length, 5);
        for (const [i, ms] of heard.entries()) assert.ok(Math.abs(ms - (i + 1) * BEEP_EVERY_MS) < 3, heard.join(', '));
        encoder.close();
      });

  it('stamps go on frame by frame; each packet is the caller’s', () => {
    const { frames, encoder } = beeps('aac', BLOCK);
    const packets = frames.slice(1);
    const copies = packets.map(({ data }) => Buffer.from(data));
    for (let i = 1; i < packets.length; i++)
      assert.equal(Math.round(((packets[i]?.dts ?? 0) - (packets[i - 1]?.dts ?? 0)) * SAMPLES_PER_MS), 1024);
    encoder.encode(planes(BLOCK), BLOCK);
    encoder.close();
    encoder.close();
    assert.deepEqual(encoder.encode(planes(BLOCK), BLOCK), []);
    assert.deepEqual(
      packets.map(({ data }) => data),
      copies,
    );
  });
});
