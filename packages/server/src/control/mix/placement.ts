import { LiveError } from '@lianmai/contract';
import { type CostedMix, loadOf, sharedCost, speedFactor } from './cost.ts';

/** Of one core: a mixer does one thing at a time, and its clock must not wait. */
const MIXER_LIMIT = 0.8;

export interface MixerWithMixes {
  id: string;
  machine: string;
  /** Of the machine. */
  cores: number;
  /** It has more to do than it can already: see Strain. */
  strained: boolean;
  mixes: readonly CostedMix[];
}

export interface PlaceWanted {
  composition: string;
  estimate: number;
  /** The mixer that makes it now; it stays there while there is room. */
  now: string | null;
}

/**
 * The mixer for a mix: the one that makes the same composition already, else where it is, else the least busy that has room. One that
 * is strained takes nothing new.
 * @param share of a machine's cores that its mixers may take together.
 * @throws LiveError MIXER_FULL when none has room.
 */
export function choosePlace(wanted: PlaceWanted, mixers: readonly MixerWithMixes[], share: number): string {
  const sharing = mixers.find(({ mixes }) => mixes.some(({ composition }) => composition === wanted.composition));
  const rooms = mixers.map((mixer) => roomFor(wanted.estimate, mixer, mixers, share));
  const enough = (room: Room) => room.cost <= room.left;
  if (sharing && rooms.some((room) => room.mixer === sharing.id && room.left >= sharedCost)) return sharing.id;
  const fitting = rooms.filter(enough).sort((a, b) => b.left - a.left);
  const stay = fitting.find(({ mixer }) => mixer === wanted.now);
  const place = stay ?? fitting.find(({ strained }) => !strained);
  if (place) return place.mixer;
  if (fitting.length > 0)
    throw new LiveError(
      'MIXER_FULL',
      'the mixers that have room for it by reckoning are behind with what they make: end another mix, or ask for less of it',
    );
  const best = rooms.sort((a, b) => b.left - a.left)[0];
  throw new LiveError('MIXER_FULL', best ? tooMuch(best, mixers.length) : 'no mixer is running');
}

interface Room {
  mixer: string;
  strained: boolean;
  cost: number;
  left: number;
}

function roomFor(estimate: number, mixer: MixerWithMixes, mixers: readonly MixerWithMixes[], share: number): Room {
  const beside = mixers.filter(({ machine }) => machine === mixer.machine);
  const factor = speedFactor(beside.flatMap(({ mixes }) => mixes));
  const machineLoad = beside.reduce((sum, { mixes }) => sum + loadOf(mixes, factor), 0);
  const left = Math.min(MIXER_LIMIT - loadOf(mixer.mixes, factor), mixer.cores * share - machineLoad);
  return { mixer: mixer.id, strained: mixer.strained, cost: estimate * factor, left };
}

const cores = (amount: number) => Math.max(0, amount).toFixed(2);
const tooMuch = ({ cost, left }: Room, count: number) =>
  `the mix needs about ${cores(cost)} of a core, and ${
    count === 1 ? 'the mixer' : `the least busy of ${count} mixers`
  } has ${cores(left)} left: end another mix, or ask for less (fewer inputs, a smaller canvas, fewer fps, "preset": "economy")`;
