import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AudioFrame } from '@lianmai/media';
import { InputClock } from './input-clock.ts';
import { CEILING } from './limiter.ts';
import { BLOCK_MS, SAMPLES_PER_MS } from './planes.ts';
import { SoundMixer } from './sound-mixer.ts';
import { amplitudeOf, clicks, decibels, loudestCrackle, loudnessOf } from './testing/listening.ts';
import { Stage } from './testing/stage.ts';
import { tone } from './testing/tones.ts';

const AMPLITUDE = 0.25;
/** A tone of 0.25 has less than this beside it. */
const CRACKLE = 0.001;

const at = (ms: number) => Math.round(ms * SAMPLES_PER_MS);
const during = (samples: Float32Array, fromMs: number, toMs: number) => samples.subarray(at(fromMs), at(toMs));

function assertSmooth(samples: Float32Array, highestHz = 700, amplitude = AMPLITUDE): void {
  assert.deepEqual(clicks(samples, highestHz, amplitude), []);
  const crackle = loudestCrackle(samples);
  assert.ok(crackle < CRACKLE, `crackle of ${crackle}`);
}

function assertLoudness(samples: Float32Array, hz: number, amplitude = AMPLITUDE): void {
  const off = decibels(loudnessOf(hz, samples) / amplitude);
  assert.ok(Math.abs(off) < 0.5, `${hz} Hz is ${off.toFixed(2)} dB off`);
}

/** The media time that is heard at `heardAtMs`, nearest to `nearMs`: by the phase of a tone whose phase is 0 at media time 0. */
function mediaTimeOf(samples: Float32Array, hz: number, heardAtMs: number, nearMs: number): number {
  const from = at(heardAtMs);
  const count = 2400;
  let sine = 0;
  let cosine = 0;
  for (let i = 0; i < count; i++) {
    const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / count);
    const angle = (2 * Math.PI * hz * i) / 48_000;
    sine += weight * samples[from + i]! * Math.sin(angle);
    cosine += weight * samples[from + i]! * Math.cos(angle);
  }
  const phaseMs = (Math.atan2(cosine, sine) / (2 * Math.PI * hz)) * 1000;
  const periodMs = 1000 / hz;
  return phaseMs + Math.round((nearMs - phaseMs) / periodMs) * periodMs;
}

describe('what comes out of the mix', () => {
  const cases = [
    ['AAC', {}],
    ['AAC at 44.1 kHz', { sampleRate: 44_100 }],
    ['AAC mono at 22.05 kHz', { sampleRate: 22_050, channels: 1 }],
    ['HE-AAC', { highEfficiency: true }],
    ['Opus', { codec: 'opus' }],
    ['Opus mono', { codec: 'opus', channels: 1 }],
    ['MP3 at 44.1 kHz', { codec: 'mp3', sampleRate: 44_100 }],
  ] as const;
  for (const [name, options] of cases)
    it(`${name}: a tone as loud as it came, at its clock's time, without a click`, () => {
      using stage = new Stage();
      const clock = stage.play('a', tone(440, options));
      stage.runTo(3500);
      assertLoudness(during(stage.heard, 1000, 3000), 440);
      assertSmooth(during(stage.heard, 0, 3400));
      assert.equal(stage.mixer.underruns('a'), 0);
      const heardAtMs = 125 * BLOCK_MS;
      const lagMs = stage.nowMs - (clock.playheadMs(stage.nowMs) ?? 0);
      const off = mediaTimeOf(stage.heard, 440, heardAtMs, heardAtMs - lagMs) - (heardAtMs - lagMs);
      assert.ok(Math.abs(off) < 2, `${off.toFixed(2)} ms beside the picture`);
    });

  it('is the sum of its inputs, each at its volume', () => {
    using stage = new Stage();
    stage.play('a', tone(300));
    stage.play('b', tone(500, { codec: 'opus' }), { volume: 0.5 });
    stage.play('c', tone(700, { sampleRate: 44_100 }), { volume: 2 });
    stage.runTo(3500);
    const heard = during(stage.heard, 1000, 3000);
    assertLoudness(heard, 300);
    assertLoudness(heard, 500, AMPLITUDE / 2);
    assertLoudness(heard, 700, AMPLITUDE * 2);
    const levels = stage.mixer.levels();
    assert.ok(Math.abs((levels.get('c') ?? 0) - (AMPLITUDE * 2) / Math.SQRT2) < 0.02);
  });

  it('sixteen loud inputs are not over, and each is heard', () => {
    using stage = new Stage();
    for (let i = 0; i < 16; i++) stage.play(`${i}`, tone(200 + 100 * i, { amplitude: 0.9, seconds: 3 }));
    stage.runTo(2800);
    const heard = during(stage.heard, 1000, 2500);
    assert.ok(heard.every((sample) => Math.abs(sample) <= CEILING + 1e-6));
    for (let i = 0; i < 16; i++) assert.ok(amplitudeOf(200 + 100 * i, heard) > 0.03);
  });

  it('the mix without an input has all but its own', () => {
    using stage = new Stage();
    stage.play('a', tone(300));
    stage.play('b', tone(500));
    stage.play('c', tone(700));
    stage.listenWithout('b');
    stage.listenWithout('nobody');
    stage.runTo(3500);
    const without = during(stage.heardWithout('b'), 1000, 3000);
    assertLoudness(without, 300);
    assertLoudness(without, 700);
    assert.ok(decibels(amplitudeOf(500, without) / AMPLITUDE) < -60);
    assertSmooth(stage.heardWithout('b').subarray(0, at(3400)), 700, AMPLITUDE * 2);
    assert.deepEqual(stage.heardWithout('nobody'), stage.heard);
  });
});

describe('nothing clicks', () => {
  it('when an input joins and leaves', () => {
    using stage = new Stage();
    stage.play('a', tone(300, { seconds: 6 }));
    stage.runTo(1000);
    stage.play(
      'b',
      tone(700, { seconds: 6 }).filter(({ type, dts }) => type === 'config' || dts > 1000),
    );
    stage.runTo(3000);
    stage.mixer.removeInput('b');
    stage.runTo(5000);
    assertLoudness(during(stage.heard, 1500, 2900), 700);
    assert.ok(amplitudeOf(700, during(stage.heard, 3100, 4900)) < 1e-4);
    assertLoudness(during(stage.heard, 500, 4900), 300);
    assertSmooth(during(stage.heard, 0, 5000), 700, AMPLITUDE * 2);
  });

  it('when volumes change and an input is muted', () => {
    using stage = new Stage();
    stage.play('a', tone(440, { seconds: 6 }));
    const settings = [
      [1000, { volume: 2, muted: false }],
      [2000, { volume: 2, muted: true }],
      [3000, { volume: 0.5, muted: false }],
      [3011, { volume: 1, muted: false }],
    ] as const;
    for (const [ms, setting] of settings) {
      stage.runTo(ms);
      stage.mixer.setInput('a', setting);
    }
    stage.runTo(4500);
    const { heard } = stage;
    assertLoudness(during(heard, 1200, 1900), 440, AMPLITUDE * 2);
    assert.equal(amplitudeOf(440, during(heard, 2100, 2900)), 0);
    assertLoudness(during(heard, 3200, 4400), 440);
    assertSmooth(heard, 700, AMPLITUDE * 2);
  });

  it('when frames are lost, damaged, or all late', () => {
    for (const [name, change] of [
      ['lost', (frames: AudioFrame[]) => frames.filter((_, i) => i < 50 || i % 25 > 2)],
      [
        'damaged',
        (frames: AudioFrame[]) =>
          frames.map((f, i) => (i > 50 && i % 25 === 0 ? { ...f, data: Buffer.alloc(3, 255) } : f)),
      ],
    ] as const) {
      using stage = new Stage();
      stage.play('a', change(tone(440, { codec: 'opus', seconds: 5 })));
      stage.runTo(4500);
      assertLoudness(during(stage.heard, 300, 900), 440);
      const found = clicks(during(stage.heard, 0, 4500), 700, AMPLITUDE);
      assert.deepEqual(found, [], name);
    }
    using stage = new Stage();
    // The network stands still for 700 ms, and brings all then.
    stage.play('a', tone(440, { seconds: 6 }), { arrivesMs: ({ dts }) => (dts > 2000 && dts < 2700 ? 2700 : dts) });
    stage.runTo(5500);
    assert.equal(stage.mixer.underruns('a'), 1);
    assertSmooth(stage.heard);
    assert.equal(amplitudeOf(440, during(stage.heard, 2200, 2600)), 0);
    assertLoudness(during(stage.heard, 3000, 5400), 440);
  });

  it('when an input ends', () => {
    using stage = new Stage();
    stage.play('a', tone(440, { seconds: 2 }));
    stage.runTo(3000);
    assertSmooth(stage.heard);
    assert.equal(stage.mixer.bufferMs('a'), 0);
  });
});

describe('clocks', () => {
  it('a source whose clock is off by 1,000 ppm is followed by its rate: nothing is cut, lips stay in sync', () => {
    for (const ppm of [1000, -1000]) {
      using stage = new Stage();
      const clock = stage.play('a', tone(440, { seconds: 30 }), { arrivesMs: ({ dts }) => dts * (1 + ppm / 1e6) });
      stage.runTo(29_000);
      assert.equal(stage.mixer.underruns('a'), 0);
      assertSmooth(stage.heard);
      assertLoudness(during(stage.heard, 27_000, 28_500), 440);
      for (const ms of [5000, 10_000, 20_000, 28_000]) {
        const heardAtMs = Math.floor(ms / BLOCK_MS) * BLOCK_MS;
        // The clock's lag is what it is at the end; the source's own drift is all that it followed.
        const lagMs = stage.nowMs - (clock.playheadMs(stage.nowMs) ?? 0) - ((stage.nowMs - heardAtMs) * ppm) / 1e6;
        const off = mediaTimeOf(stage.heard, 440, heardAtMs, heardAtMs - lagMs) - (heardAtMs - lagMs);
        assert.ok(Math.abs(off) < 8, `${ppm} ppm: ${off.toFixed(1)} ms off at ${ms}`);
      }
    }
  });

  it('timestamps rounded to a ms, and stamps that stray by 8 ms, disturb nothing', () => {
    for (const stray of [0.5, 8]) {
      using stage = new Stage();
      const frames = tone(440, { sampleRate: 44_100, seconds: 6 }).map((frame, i) => ({
        ...frame,
        dts: Math.round(frame.dts + (i % 3) * stray - stray),
      }));
      stage.play('a', frames);
      stage.runTo(5500);
      assertSmooth(stage.heard);
      assertLoudness(during(stage.heard, 1000, 5000), 440);
    }
  });

  it('jitter of 60 ms is buffered', () => {
    using stage = new Stage();
    const clock = stage.play('a', tone(440, { seconds: 10 }), { arrivesMs: ({ dts }) => dts + ((dts * 7.13) % 60) });
    stage.runTo(9500);
    assert.ok(clock.delayMs > 60 && clock.delayMs < 130, `${clock.delayMs}`);
    assertSmooth(stage.heard);
    assertLoudness(during(stage.heard, 3000, 9000), 440);
  });

  it('timestamps that jump an hour forward, or back, are heard again within 300 ms', () => {
    for (const jumpMs of [3_600_000, -1_000_000]) {
      using stage = new Stage();
      const frames = tone(440, { seconds: 6 });
      const jumped = frames.map((frame) => (frame.dts < 2000 ? frame : { ...frame, dts: frame.dts + jumpMs }));
      stage.play('a', jumped, { arrivesMs: ({ dts }) => (Math.abs(dts) > 10_000 ? dts - jumpMs : dts) });
      stage.runTo(5500);
      assertSmooth(stage.heard);
      assertLoudness(during(stage.heard, 2400, 5400), 440);
    }
  });
});

describe('sources that change, and rubbish', () => {
  it('a source may change codec, rate and channels midway', () => {
    using stage = new Stage();
    const parts = [
      tone(440, { seconds: 2 }),
      tone(440, { codec: 'opus', seconds: 2, fromMs: 2000 }),
      tone(440, { sampleRate: 22_050, channels: 1, seconds: 2, fromMs: 4000 }),
      tone(440, { codec: 'mp3', seconds: 2, fromMs: 6000 }),
    ];
    const clock = stage.play('a', parts[0] ?? []);
    for (const part of parts.slice(1)) {
      const from = part.find(({ type }) => type === 'key')?.dts ?? 0;
      stage.play(
        'a',
        part.filter(({ type, dts }) => type === 'config' || dts > from + 100),
        { clock },
      );
    }
    stage.runTo(7500);
    assert.deepEqual(clicks(during(stage.heard, 0, 7500), 700, AMPLITUDE), []);
    for (const [from, to] of [
      [500, 1900],
      [2400, 3900],
      [4400, 5900],
      [6400, 7400],
    ] as const)
      assertLoudness(during(stage.heard, from, to), 440);
  });

  it('what cannot be decoded is silence of its own input; the others are not disturbed', () => {
    using stage = new Stage();
    stage.play('a', tone(440, { seconds: 4 }));
    const rubbish = (size: number, seed: number) =>
      Buffer.from(Array.from({ length: size }, (_, i) => (i * 197 + seed * 31) % 256));
    const broken = tone(600, { seconds: 4 });
    stage.play(
      'b',
      broken.map((frame, i) => ({ ...frame, data: rubbish(i === 0 ? 2 : 200, i) })),
    );
    stage.play(
      'c',
      tone(700, { seconds: 4 }).filter(({ type }) => type !== 'config'),
    );
    stage.play(
      'd',
      tone(800, { codec: 'opus', seconds: 4 }).map((frame) => ({ ...frame, data: Buffer.alloc(0) })),
    );
    stage.runTo(3500);
    assertLoudness(during(stage.heard, 500, 3400), 440);
    assert.ok(stage.heard.every((sample) => Math.abs(sample) <= CEILING + 1e-6));
    assert.ok(amplitudeOf(700, stage.heard) < 1e-4);
  });

  it('a flood of sound ahead of its time is bounded, and heard when it is due', () => {
    using stage = new Stage();
    stage.play('a', tone(440, { seconds: 8 }), { arrivesMs: ({ dts }) => Math.min(dts, 2000) });
    stage.runTo(7500);
    assertSmooth(stage.heard);
    assertLoudness(during(stage.heard, 500, 1900), 440);
  });

  it('frames for an input that is not there are ignored; close is final and may be repeated', () => {
    using stage = new Stage();
    const clock = stage.play('a', tone(440, { seconds: 1 }));
    const [config] = tone(440, { seconds: 1 });
    if (config) stage.mixer.write('nobody', config, clock, 0);
    stage.runTo(500);
    stage.mixer.close();
    stage.mixer.close();
    stage.mixer.removeInput('a');
    stage.mixer.setInput('a', { volume: 1, muted: false });
    assert.equal(stage.mixer.bufferMs('a'), null);
  });
});

describe('who comes again', () => {
  it('an input may come back under its id at once, with another stream, clock and volume', () => {
    using stage = new Stage();
    stage.play('a', tone(300, { seconds: 1.45 }));
    stage.runTo(1450);
    stage.mixer.removeInput('a');
    stage.play(
      'a',
      tone(700, { codec: 'opus', seconds: 5 }).filter(({ type, dts }) => type === 'config' || dts > 1500),
      { volume: 0.5 },
    );
    stage.runTo(4500);
    assertLoudness(during(stage.heard, 2000, 4400), 700, AMPLITUDE / 2);
    assertSmooth(during(stage.heard, 0, 4500));
  });

  it('a stream that begins anew, with another clock and other timestamps, is heard within 300 ms', () => {
    using stage = new Stage();
    stage.play('a', tone(440, { seconds: 2 }));
    stage.runTo(2500);
    const again = tone(440, { sampleRate: 44_100, seconds: 3, fromMs: 90_000 });
    stage.play('a', again, { arrivesMs: ({ dts }) => dts - 90_000 + 2500 });
    stage.runTo(5000);
    assertLoudness(during(stage.heard, 2850, 4900), 440);
    assertSmooth(stage.heard);
  });
});

it('blocks that are made when they are over let inputs wait less by their length', () => {
  const delayMs = (lateMs: number) => {
    using mixer = new SoundMixer({ lateMs });
    const clock = new InputClock();
    mixer.setInput('a', { volume: 1, muted: false });
    for (const frame of tone(440, { seconds: 25 })) {
      if (frame.type !== 'config') clock.arrived(frame.dts, frame.dts);
      mixer.write('a', frame, clock, frame.dts);
    }
    clock.playheadMs(25_000);
    return clock.delayMs;
  };
  const saved = delayMs(0) - delayMs(BLOCK_MS);
  assert.ok(saved > 12 && saved < 22, `${saved} ms`);
});
