import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LiveError } from '@lianmai/contract';
import fc from 'fast-check';
import { type CostedMix, estimateCores, loadOf, speedFactor } from './cost.ts';
import { choosePlace, type MixerWithMixes } from './placement.ts';
import { readSpec } from './read-spec.ts';

const costed = (estimate: number, composition = String(Math.random()), cpu: number | null = null): CostedMix => ({
  composition,
  estimate,
  status: cpu === null ? null : { state: 'running', cpu },
  settled: cpu !== null,
});
const mixer = (id: string, mixes: readonly CostedMix[] = [], machine = 'm1', cores = 4): MixerWithMixes => ({
  id,
  machine,
  cores,
  strained: false,
  mixes,
});
const inputs = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`);

describe('what a mix costs', () => {
  const cost = (count: number, output = {}) => estimateCores(readSpec({ inputs: inputs(count), output }), () => null);

  it('is near what was measured', () => {
    assert.ok(Math.abs(cost(4) - 0.222) < 0.02);
    assert.ok(Math.abs(cost(9) - 0.314) < 0.02);
    assert.ok(Math.abs(cost(4, { preset: 'economy' }) - 0.175) < 0.02);
  });

  it('grows with the canvas, the fps, the number and the size of inputs', () => {
    assert.ok(cost(4, { width: 1920, height: 1080 }) > 1.8 * cost(4));
    assert.ok(cost(4, { fps: 50 }) > 1.5 * cost(4));
    const spec = readSpec({ inputs: inputs(4) });
    assert.ok(estimateCores(spec, () => ({ width: 1920, height: 1080, fps: 30 })) > cost(4) + 0.3);
    assert.ok(estimateCores(readSpec({ inputs: [{ color: '#fff' }] }), () => null) < 0.06);
  });

  it('follows what the machine shows', () => {
    assert.equal(speedFactor([]), 1);
    const slow = Array.from({ length: 10 }, () => costed(0.2, undefined, 0.4));
    assert.ok(speedFactor(slow) > 1.7 && speedFactor(slow) < 2);
    assert.ok(Math.abs(loadOf(slow, 1) - 4) < 1e-9);
    // Sleeping ones may wake at once.
    assert.equal(loadOf([{ ...costed(0.2), status: { state: 'sleeping', cpu: 0 }, settled: true }], 1), 0.2);
    assert.ok(loadOf([costed(0.2, 'same'), costed(0.2, 'same')], 1) < 0.22);
  });
});

describe('a place for a mix', () => {
  const wanted = { composition: 'new', estimate: 0.3, now: null };

  it('is with the least busy mixer', () => {
    assert.equal(choosePlace(wanted, [mixer('a', [costed(0.3)]), mixer('b', [costed(0.1)])], 0.8), 'b');
  });

  it('is where the same composition is made already, however busy others are not', () => {
    const pk = { ...wanted, composition: 'pk' };
    assert.equal(choosePlace(pk, [mixer('a'), mixer('b', [costed(0.6, 'pk')])], 0.8), 'b');
  });

  it('stays the same while there is room, and changes when there is not', () => {
    const busy = (load: number) => [mixer('a', [costed(load)]), mixer('b', [costed(0.1)])];
    assert.equal(choosePlace({ ...wanted, now: 'a' }, busy(0.4), 0.8), 'a');
    assert.equal(choosePlace({ ...wanted, now: 'a' }, busy(0.6), 0.8), 'b');
  });

  it('is not with one that is behind with what it makes, but what is there may stay', () => {
    const strained = { ...mixer('a', [costed(0.1)]), strained: true };
    assert.equal(choosePlace(wanted, [strained, mixer('b', [costed(0.4)])], 0.8), 'b');
    assert.equal(choosePlace({ ...wanted, now: 'a' }, [strained, mixer('b')], 0.8), 'a');
    assert.throws(() => choosePlace(wanted, [strained], 0.8), { name: 'MIXER_FULL', message: /are behind/ });
    assert.throws(() => choosePlace(wanted, [strained, mixer('b', [costed(0.7)])], 0.8), { message: /are behind/ });
  });

  it('is refused with what to do when there is no room, or no mixer', () => {
    const full = [mixer('a', [costed(0.7)]), mixer('b', [costed(0.75)])];
    assert.throws(
      () => choosePlace(wanted, full, 0.8),
      (error: LiveError) =>
        error.name === 'MIXER_FULL' && /needs about 0.30.*has 0.10 left.*end another mix/.test(error.message),
    );
    assert.throws(() => choosePlace(wanted, [], 0.8), { name: 'MIXER_FULL', message: /no mixer is running/ });
    // Two cores, of which mixers may take one together.
    const shared = [mixer('a', [costed(0.5)], 'm1', 2), mixer('b', [costed(0.4)], 'm1', 2)];
    assert.throws(() => choosePlace(wanted, shared, 0.5), { name: 'MIXER_FULL' });
    assert.equal(choosePlace(wanted, [...shared, mixer('c', [], 'm2', 2)], 0.5), 'c');
  });

  it('never takes a mixer or a machine beyond its share', () => {
    const order = fc.record({
      estimate: fc.double({ min: 0.01, max: 1, noNaN: true }),
      composition: fc.nat({ max: 30 }).map(String),
    });
    fc.assert(
      fc.property(
        fc.array(order, { maxLength: 40 }),
        fc.array(fc.constantFrom('m1', 'm2'), { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (orders, machines, share) => {
          const mixers = machines.map((machine, i) => ({
            id: `x${i}`,
            machine,
            cores: 2,
            strained: false,
            mixes: [] as CostedMix[],
          }));
          for (const { estimate, composition } of orders) {
            try {
              const place = choosePlace({ composition, estimate, now: null }, mixers, share);
              const known = mixers.find(({ mixes }) => mixes.some((mix) => mix.composition === composition));
              mixers.find(({ id }) => id === place)?.mixes.push(costed(known ? 0.01 : estimate, composition));
            } catch (error) {
              assert.equal((error as LiveError).name, 'MIXER_FULL');
            }
          }
          for (const { mixes } of mixers) assert.ok(loadOf(mixes, 1) <= 0.81 + 0.01 * mixes.length);
          for (const machine of new Set(machines)) {
            const load = mixers
              .filter((one) => one.machine === machine)
              .reduce((sum, one) => sum + loadOf(one.mixes, 1), 0);
            assert.ok(load <= 2 * share + 0.41);
          }
        },
      ),
    );
  });
});
