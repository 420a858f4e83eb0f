import { createHash } from 'node:crypto';
import type { MixInput, MixJob, PlayPolicy } from '@lianmai/contract';
import type { PlayAuth } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { whyRefused } from '../account/rules.ts';
import { playKeys } from '../app/rules.ts';
import { type ChannelOfMix, programsOf } from '../program/store.ts';
import type { PublishTarget } from '../publish/rules.ts';
import { playPolicy } from '../publish/rules.ts';
import { loadTargets } from '../publish/store.ts';
import type { MixSpec } from './spec.ts';
import { streamsOf } from './spec.ts';
import type { MixWithOwner } from './store.ts';
import { ownersOf } from './stream-owners.ts';

/** A mix as it is to be made now. */
export interface WantedMix {
  row: MixWithOwner;
  /** What was asked for. */
  spec: MixSpec;
  channels: readonly ChannelOfMix[];
  playAuth: PlayAuth;
  /** What a mixer is told; null: it may not be made now, its account may not go live. Its version is that of the row. */
  job: MixJob | null;
  /** Of the job but the version. */
  digest: string;
}

/** Works out what mixers are to make of these rows, by what is allowed now. */
export async function wantedMixes(db: Db, rows: readonly MixWithOwner[]): Promise<WantedMix[]> {
  const channels = await programsOf(
    db,
    rows.map(({ id }) => id),
  );
  const byMix = Map.groupBy(channels, ({ mixId }) => mixId);
  const specs = new Map(rows.map((row) => [row.id, JSON.parse(row.spec) as MixSpec]));
  const checked = rows.filter(({ anyInput }) => anyInput === 0);
  const inputs = checked.flatMap(({ id }) => streamsOf(specs.get(id) ?? { inputs: [] }).map(({ stream }) => stream));
  const [targets, owners] = [
    await loadTargets(
      db,
      channels.map(({ stream }) => stream),
    ),
    await ownersOf(db, inputs),
  ];
  return rows.map((row) => {
    const spec = specs.get(row.id) as MixSpec;
    return wanted(row, spec, byMix.get(row.id) ?? [], targets, owners);
  });
}

function wanted(
  row: MixWithOwner,
  spec: MixSpec,
  channels: readonly ChannelOfMix[],
  targets: ReadonlyMap<string, PublishTarget>,
  owners: ReadonlyMap<string, string>,
): WantedMix {
  const shown = channels.flatMap(({ stream, channelId }) => {
    const target = targets.get(stream);
    return target?.channel.id === channelId ? [{ target, stream, channelId }] : [];
  });
  const playAuth =
    row.playAuth ?? (shown.some(({ target }) => target.channel.playAuth === 'signed') ? 'signed' : 'open');
  const job: MixJob = {
    id: row.id,
    version: row.version,
    stream: row.stream,
    channelId: row.id,
    accountId: row.accountId,
    play: policyOf(row, playAuth),
    inputs: row.anyInput === 1 ? spec.inputs : spec.inputs.map((input) => withheld(input, row.accountId, owners)),
    layout: spec.layout,
    canvas: spec.canvas,
    output: spec.output,
    programs: shown
      .filter(({ target }) => whyRefused(target.account) === null)
      .map(({ target, stream, channelId }) => ({
        stream,
        channelId,
        accountId: target.account.id,
        play: playPolicy(target),
      })),
    kind: row.kind === 'picture' ? 'picture' : 'mix',
  };
  const allowed = whyRefused(row.account) === null;
  return { row, spec, channels, playAuth, job: allowed ? job : null, digest: digestOf(job) };
}

/** A stream that has come to be another account's is not shown, nor heard. */
function withheld(input: MixInput, accountId: string, owners: ReadonlyMap<string, string>): MixInput {
  if (!('stream' in input.source)) return input;
  const owner = owners.get(input.source.stream);
  return owner === undefined || owner === accountId ? input : { ...input, source: { color: '#000000' } };
}

const policyOf = ({ keys }: MixWithOwner, playAuth: PlayAuth): PlayPolicy => ({
  signedWith: playAuth === 'signed' ? playKeys(keys) : null,
});

const digestOf = ({ version: _, ...job }: MixJob): string =>
  createHash('sha256').update(JSON.stringify(job)).digest('base64url');
