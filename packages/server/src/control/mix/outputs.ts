import { LiveError, MAX_MIX_INPUTS, mixMinusName, STREAM_NAME } from '@lianmai/contract';
import type { MixOutputWish } from '@lianmai/contract/rest';
import type { Db } from '../../store/store.ts';
import type { Principal } from '../auth/principal.ts';
import { type ChannelWithKeys, findChannel } from '../channel/store.ts';
import { knownPictures } from '../picture/store.ts';
import { refuseLoops } from './loops.ts';
import { type MixSpec, picturesOf, streamsOf } from './spec.ts';
import { ownersOf } from './stream-owners.ts';

/** Where a mix is to be seen. */
export interface MixOutputs {
  /** A name for its own stream; null: none was given. */
  stream: string | null;
  /** Channels whose program it is to be; null: nothing was said of channels. */
  channels: ChannelWithKeys[] | null;
}

/**
 * What `output.stream`, `channelId` and `channels` name.
 * @throws LiveError BAD_REQUEST, CHANNEL_NOT_FOUND (also of another account's), CONFLICT.
 */
export async function readOutputs(
  db: Db,
  by: Principal,
  { stream, channelId, channels }: MixOutputWish,
  { inputs }: MixSpec,
): Promise<MixOutputs> {
  const found: ChannelWithKeys[] = [];
  const refs = [
    ...(channelId === undefined ? [] : [{ ref: channelId, field: 'output/channelId' }]),
    ...(channels ?? []).map((ref, i) => ({ ref, field: `output/channels/${i}` })),
  ];
  for (const { ref, field } of refs) {
    const channel = (await findChannel(db, { id: ref })) ?? (await findChannel(db, { stream: ref }));
    if (!channel || !ownedBy(by, channel.accountId))
      throw new LiveError('CHANNEL_NOT_FOUND', `${field}: there is no channel "${ref}"`, field);
    found.push(channel);
  }
  const own = stream === undefined ? null : await findChannel(db, { stream });
  if (own && !ownedBy(by, own.accountId)) throw taken(own.stream);
  if (own) found.push(own);
  const isInput = streamsOf({ inputs }).some((input) => input.stream === stream);
  if (!own && isInput)
    throw new LiveError(
      'BAD_REQUEST',
      `output/stream: "${stream}" is an input and no channel's stream: name another, or make a channel`,
      'output/stream',
    );
  const spoken = channelId !== undefined || channels !== undefined || Boolean(own);
  const once = [...new Map(found.map((channel) => [channel.id, channel])).values()];
  if (once.length > MAX_MIX_INPUTS)
    throw new LiveError('BAD_REQUEST', `output/channels: at most ${MAX_MIX_INPUTS}`, 'output/channels');
  return { stream: own ? null : (stream ?? null), channels: spoken ? once : null };
}

/**
 * Whether a mix of this may be made by this caller, its output having this name.
 * @throws LiveError BAD_REQUEST, FORBIDDEN: naming the field.
 */
export async function checkSpec(
  db: Db,
  by: Principal,
  accountId: string,
  spec: MixSpec,
  stream: string,
): Promise<void> {
  for (const [i, input] of spec.inputs.entries()) {
    const field = `inputs/${i}`;
    const name = mixMinusName(stream, input.id);
    if (input.mixMinus && !STREAM_NAME.test(name))
      throw new LiveError('BAD_REQUEST', `${field}/id is too long for the name of its mix-minus stream`, `${field}/id`);
    const source = 'stream' in input.source ? input.source.stream : null;
    if (source === stream || source?.startsWith(mixMinusName(stream, '')))
      throw new LiveError('BAD_REQUEST', `${field}: a mix cannot take its own output`, `${field}/stream`);
  }
  await refuseLoops(db, stream, spec);
  const pictures = picturesOf(spec);
  const known = await knownPictures(
    db,
    pictures.map(({ id }) => id),
  );
  const missing = pictures.find(({ id }) => !known.has(id));
  if (missing)
    throw new LiveError('BAD_REQUEST', `${missing.field}: there is no picture "${missing.id}"`, missing.field);
  if (by.kind === 'operator') return;
  const streams = streamsOf(spec);
  const owners = await ownersOf(
    db,
    streams.map((input) => input.stream),
  );
  const foreign = streams.find((input) => (owners.get(input.stream) ?? accountId) !== accountId);
  if (foreign)
    throw new LiveError(
      'FORBIDDEN',
      `inputs/${foreign.index}: "${foreign.stream}" is not a stream of your account`,
      `inputs/${foreign.index}/stream`,
    );
}

const ownedBy = (by: Principal, accountId: string): boolean =>
  by.kind === 'operator' || (by.kind === 'app' && by.accountId === accountId);

const taken = (stream: string): LiveError =>
  new LiveError('CONFLICT', `the stream name "${stream}" is taken: choose another, or leave it out`, 'output/stream');
