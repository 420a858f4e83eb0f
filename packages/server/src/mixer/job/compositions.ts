import type { Composition } from './composition.ts';
import { type MixPlan, planKey } from './plan.ts';

/** What is shared: {@link Composition}, as far as sharing it goes. */
type Shared = Pick<Composition, 'change' | 'close'>;

interface Group<C extends Shared> {
  composition: C;
  /** Of what it makes now. */
  key: string;
  seats: Set<Seat<C>>;
  regroup: NodeJS.Timeout | null;
}

/** Mixes that are one are changed one after the other: so long is waited whether all are. */
const REGROUP_MS = 200;

/** A mix's part in a composition. */
export class Seat<C extends Shared> {
  readonly #compositions: Compositions<C>;
  /** Called when another composition makes what this mix wants. */
  readonly moved: () => void;
  wish: MixPlan;
  group: Group<C>;

  constructor(compositions: Compositions<C>, group: Group<C>, wish: MixPlan, moved: () => void) {
    this.#compositions = compositions;
    this.group = group;
    this.wish = wish;
    this.moved = moved;
    group.seats.add(this);
  }

  get composition(): C {
    return this.group.composition;
  }

  change(plan: MixPlan): void {
    this.wish = plan;
    this.#compositions.wished(this.group);
  }

  /** Idempotent. */
  leave(): void {
    this.#compositions.left(this);
  }
}

/**
 * All compositions of a mixer. Mixes of the same plan share one (the two channels of a PK); when one of them is changed and the others are
 * not, it goes its own way.
 */
export class Compositions<C extends Shared> {
  readonly #create: (plan: MixPlan) => C;
  readonly #groups = new Set<Group<C>>();

  constructor(create: (plan: MixPlan) => C) {
    this.#create = create;
  }

  get all(): C[] {
    return [...this.#groups].map(({ composition }) => composition);
  }

  /** @throws Error when a codec cannot be opened. */
  seat(plan: MixPlan, moved: () => void): Seat<C> {
    return new Seat(this, this.#groupFor(plan), plan, moved);
  }

  /** A seat of the group wants something else. */
  wished(group: Group<C>): void {
    if (group.regroup) return;
    if (this.#wishes(group).size === 1) return this.#become(group);
    group.regroup = setTimeout(() => this.#regroup(group), REGROUP_MS);
  }

  left(seat: Seat<C>): void {
    const { group } = seat;
    if (!group.seats.delete(seat) || group.seats.size > 0) return;
    if (group.regroup) clearTimeout(group.regroup);
    this.#groups.delete(group);
    group.composition.close();
  }

  close(): void {
    for (const group of [...this.#groups]) for (const seat of [...group.seats]) this.left(seat);
  }

  #groupFor(plan: MixPlan): Group<C> {
    const key = planKey(plan);
    for (const group of this.#groups) if (group.key === key && group.regroup === null) return group;
    const group: Group<C> = { composition: this.#create(plan), key, seats: new Set(), regroup: null };
    this.#groups.add(group);
    return group;
  }

  #wishes({ seats }: Group<C>): Map<string, Seat<C>[]> {
    const wishes = new Map<string, Seat<C>[]>();
    for (const seat of seats) {
      const key = planKey(seat.wish);
      wishes.set(key, [...(wishes.get(key) ?? []), seat]);
    }
    return wishes;
  }

  #become(group: Group<C>): void {
    const [seat] = group.seats;
    if (!seat) return;
    group.key = planKey(seat.wish);
    group.composition.change(seat.wish);
  }

  #regroup(group: Group<C>): void {
    group.regroup = null;
    const wishes = this.#wishes(group);
    // Who wants what is made stays; if nobody does, the first.
    const staying = wishes.has(group.key) ? group.key : wishes.keys().next().value;
    for (const [key, seats] of wishes) {
      if (key === staying) continue;
      for (const seat of seats) {
        group.seats.delete(seat);
        seat.group = this.#groupFor(seat.wish);
        seat.group.seats.add(seat);
      }
    }
    if (staying !== group.key) this.#become(group);
    for (const [key, seats] of wishes) if (key !== staying) for (const seat of seats) seat.moved();
  }
}
