import type { MixInputStatus, MixStatus } from '@lianmai/contract';
import { Gauge, type Registry } from 'prom-client';
import type { Mixer } from './mixer.ts';

const MIX_STATES: readonly MixStatus['state'][] = ['starting', 'running', 'passing', 'sleeping', 'failed'];
const INPUT_STATES: readonly MixInputStatus['state'][] = ['waiting', 'live', 'frozen', 'gone', 'broken'];

/** A mixer's figures, read when somebody asks. Those of a mix carry its id while it is made. */
export function registerMetrics(registers: Registry[], mixer: Mixer): void {
  const states = new Gauge({
    name: 'lianmai_mixes',
    help: 'Mixes, by state',
    labelNames: ['state'],
    registers,
    collect() {
      const { mixes } = mixer.report();
      for (const state of MIX_STATES) states.set({ state }, mixes.filter((mix) => mix.state === state).length);
    },
  });
  const inputs = new Gauge({
    name: 'lianmai_mix_inputs',
    help: 'Inputs of all mixes that are made, by state',
    labelNames: ['state'],
    registers,
    collect() {
      const all = made(mixer).flatMap((mix) => mix.inputs);
      for (const state of INPUT_STATES) inputs.set({ state }, all.filter((input) => input.state === state).length);
    },
  });
  perMix(registers, mixer, 'lianmai_mix_fps', 'Pictures a second of a mix', ({ fps }) => fps);
  perMix(registers, mixer, 'lianmai_mix_cpu', 'Cores that a mix uses', ({ cpu }) => cpu);
  perMix(registers, mixer, 'lianmai_mix_frames', 'Pictures of a mix since it began', ({ frames }) => frames);
  perMix(
    registers,
    mixer,
    'lianmai_mix_late_frames',
    "Of them, those that came more than one picture's time late, or not at all",
    ({ lateFrames }) => lateFrames,
  );
  perMix(registers, mixer, 'lianmai_mix_delay_seconds', 'Longest delay of an input in a mix', ({ inputs: of }) =>
    Math.max(0, ...of.map(({ delayMs }) => (delayMs ?? 0) / 1000)),
  );
}

const made = (mixer: Mixer): MixStatus[] =>
  mixer.report().mixes.filter(({ state }) => state === 'running' || state === 'passing');

function perMix(
  registers: Registry[],
  mixer: Mixer,
  name: string,
  help: string,
  value: (mix: MixStatus) => number,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['mix'],
    registers,
    collect() {
      this.reset();
      for (const mix of made(mixer)) this.set({ mix: mix.id }, value(mix));
    },
  });
}
