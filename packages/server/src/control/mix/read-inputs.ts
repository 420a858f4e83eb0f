import { createHash } from 'node:crypto';
import { LiveError, MAX_MIX_INPUTS, type MixInput } from '@lianmai/contract';
import type { MixInputsChange, MixInputWish, MixInputWishes } from '@lianmai/contract/rest';
import { readColor } from './read-color.ts';

type Source = MixInput['source'];
/** Longer stream names make no good ids: ids stand in names of mix-minus streams. */
const LONGEST_NAME_AS_ID = 48;

/**
 * The inputs as a mixer takes them.
 * @param before those of the mix until now: the same source keeps its id.
 * @throws LiveError BAD_REQUEST, naming the field below `field`.
 */
export function readInputs(
  wishes: MixInputWishes,
  before: readonly MixInput[] = [],
  field = 'inputs',
  taken: readonly MixInput[] = [],
): MixInput[] {
  const wished = wishes.map((wish): MixInputWish => (typeof wish === 'string' ? { stream: wish } : wish));
  const explicit = new Set<string>();
  for (const [i, { id }] of wished.entries()) {
    if (id === undefined) continue;
    if (explicit.has(id) || taken.some((other) => other.id === id))
      throw bad(`${field}/${i}/id`, `"${id}" is the id of another input`);
    explicit.add(id);
  }
  const used = new Set([...explicit, ...taken.map(({ id }) => id)]);
  return wished.map((wish, i) => {
    const source = readSource(wish, `${field}/${i}`);
    const known = before.find((input) => !used.has(input.id) && sameSource(input.source, source));
    const id = wish.id ?? known?.id ?? unusedId(source, used);
    used.add(id);
    return { id, source, ...DEFAULTS, ...readFields(wish) };
  });
}

/** The inputs after a change. @throws LiveError BAD_REQUEST, naming the field. */
export function changeInputs(change: MixInputsChange, before: readonly MixInput[]): MixInput[] {
  if (Array.isArray(change)) return readInputs(change, before);
  const { add = [], remove = [], set = [], swap } = change;
  const gone = new Set(remove.map((ref, i) => findInput(before, ref, `inputs/remove/${i}`).id));
  let inputs = before.filter(({ id }) => !gone.has(id));
  inputs = [...inputs, ...readInputs(add, [], 'inputs/add', inputs)];
  for (const [i, { input: ref, ...wish }] of set.entries()) {
    const input = findInput(inputs, ref, `inputs/set/${i}/input`);
    const changed = { ...input, ...readFields(wish), source: changedSource(input.source, wish, `inputs/set/${i}`) };
    inputs = inputs.map((one) => (one === input ? changed : one));
  }
  if (swap) {
    const [a, b] = swap.map((ref, i) => inputs.indexOf(findInput(inputs, ref, `inputs/swap/${i}`))) as [number, number];
    inputs = inputs.map((one, i) => (i === a ? inputs[b] : i === b ? inputs[a] : one) ?? one);
  }
  if (inputs.length === 0) throw bad('inputs', 'a mix needs at least one input: delete the mix instead');
  if (inputs.length > MAX_MIX_INPUTS)
    throw bad('inputs', `a mix has at most ${MAX_MIX_INPUTS} inputs, these would be ${inputs.length}`);
  return inputs;
}

/** The input of this id, or the first with this stream. @throws LiveError BAD_REQUEST */
export function findInput(inputs: readonly MixInput[], ref: string, field: string): MixInput {
  const found =
    inputs.find(({ id }) => id === ref) ?? inputs.find(({ source }) => 'stream' in source && source.stream === ref);
  if (!found) throw bad(field, `"${ref}" is no input of this mix: it has ${inputs.map(({ id }) => id).join(', ')}`);
  return found;
}

const DEFAULTS = { label: null, avatar: null, volume: 1, muted: false, video: true, mixMinus: false } as const;

type Fields = Omit<MixInput, 'id' | 'source'>;

function readFields({ label, avatar, volume, muted, video, mixMinus }: MixInputWish): Partial<Fields> {
  return {
    ...(label === undefined ? {} : { label }),
    ...(avatar === undefined ? {} : { avatar }),
    ...(volume === undefined ? {} : { volume }),
    ...(muted === undefined ? {} : { muted }),
    ...(video === undefined ? {} : { video }),
    ...(mixMinus === undefined ? {} : { mixMinus }),
  };
}

function readSource({ stream, picture, color }: MixInputWish, field: string): Source {
  const given: Source[] = [
    ...(stream === undefined ? [] : [{ stream }]),
    ...(picture === undefined ? [] : [{ picture }]),
    ...(color === undefined ? [] : [{ color: readColor(color) }]),
  ];
  const [source] = given;
  if (!source || given.length > 1) throw bad(field, 'needs one of stream, picture and color');
  return source;
}

const changedSource = (before: Source, wish: MixInputWish, field: string): Source =>
  wish.stream === undefined && wish.picture === undefined && wish.color === undefined
    ? before
    : readSource(wish, field);

const sameSource = (a: Source, b: Source): boolean => JSON.stringify(a) === JSON.stringify(b);

function unusedId(source: Source, used: ReadonlySet<string>): string {
  const name = 'stream' in source ? nameOf(source.stream) : 'picture' in source ? 'picture' : 'color';
  for (let n = 1; ; n++) {
    const id = n === 1 ? name : `${name}-${n}`;
    if (!used.has(id)) return id;
  }
}

const nameOf = (stream: string): string =>
  stream.length <= LONGEST_NAME_AS_ID ? stream : `in-${createHash('sha256').update(stream).digest('hex').slice(0, 12)}`;

const bad = (field: string, sentence: string): LiveError =>
  new LiveError('BAD_REQUEST', `${field}: ${sentence}`, field);
