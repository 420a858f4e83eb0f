import { LiveError } from '@lianmai/contract';
import type { Db } from '../../store/store.ts';
import { mixStreamOf } from './names.ts';
import { type MixSpec, streamsOf } from './spec.ts';

/**
 * A mix that takes another mix, which takes the first, directly or not, would show itself for ever, each time smaller and later.
 * Only mixes' own streams lead on: what a channel shows is never an input.
 * To be called in a turn in which no other mix is changed.
 * @param stream of the mix.
 * @throws LiveError BAD_REQUEST naming the input that leads back to the mix.
 */
export async function refuseLoops(db: Db, stream: string, spec: Pick<MixSpec, 'inputs'>): Promise<void> {
  const taken = streamsOf(spec).map((input) => ({ index: input.index, stream: mixStreamOf(input.stream) }));
  const inputsOf = await inputsOfAll(db, new Set(taken.map((input) => input.stream)));
  for (const { index, stream: name } of taken) {
    const way = wayTo(stream, name, inputsOf);
    if (way === null) continue;
    const through = way.map((one) => `"${one}"`).join(', which takes ');
    throw new LiveError(
      'BAD_REQUEST',
      `inputs/${index}: a mix cannot show itself, and this is ${through}, which is this mix`,
      `inputs/${index}/stream`,
    );
  }
}

/** What the mixes that are reached from these streams take. */
async function inputsOfAll(db: Db, streams: ReadonlySet<string>): Promise<Map<string, readonly string[]>> {
  const inputsOf = new Map<string, readonly string[]>();
  for (let next = [...streams]; next.length > 0; ) {
    const rows = await db.selectFrom('mix').select(['stream', 'spec']).where('stream', 'in', next).execute();
    for (const { stream, spec } of rows)
      inputsOf.set(
        stream,
        streamsOf(JSON.parse(spec) as MixSpec).map((input) => mixStreamOf(input.stream)),
      );
    next = [...new Set(rows.flatMap(({ stream }) => inputsOf.get(stream) ?? []))].filter((name) => !inputsOf.has(name));
  }
  return inputsOf;
}

/** The streams from one to the other, both included; null: none leads there. */
function wayTo(goal: string, from: string, inputsOf: ReadonlyMap<string, readonly string[]>): string[] | null {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  for (const name of cameFrom.keys()) {
    if (name === goal) return trace(name, cameFrom);
    for (const next of inputsOf.get(name) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, name);
  }
  return null;
}

function trace(end: string, cameFrom: ReadonlyMap<string, string | null>): string[] {
  const way: string[] = [];
  for (let name: string | null = end; name !== null; name = cameFrom.get(name) ?? null) way.unshift(name);
  return way;
}
