import { LiveError, type PlayPolicy } from '@lianmai/contract';
import { verifyTxSignature } from '../../auth/tx-signature.ts';
import type { AccountRow, AppRow, ChannelRow } from '../../store/schema.ts';
import { whyRefused } from '../account/rules.ts';
import { playKeys, pushKeys } from '../app/rules.ts';

/** A channel with all that decides whether it may be published and how it may be played. */
export interface PublishTarget {
  channel: Pick<ChannelRow, 'id' | 'stream' | 'pushAuth' | 'playAuth'>;
  keys: Pick<AppRow, 'pushKey' | 'pushKeyBackup' | 'playKey' | 'playKeyBackup'>;
  account: Pick<AccountRow, 'id' | 'status' | 'trafficPackageBytes' | 'trafficUsedBytes'>;
  /** It was made for an anchor's rooms, and none is open. */
  roomClosed?: boolean;
}

/** Why a publisher with this push URL is not let in; null when it is. The signature comes first: strangers learn no more. */
export function whyPublishRefused(target: PublishTarget, query: string, nowMs: number): LiveError | null {
  const { channel, keys } = target;
  if (channel.pushAuth === 'signed') {
    const verdict = verifyTxSignature({ keys: pushKeys(keys), stream: channel.stream, query, nowMs });
    if (verdict !== 'ok') return new LiveError('BAD_SIGNATURE', SIGNATURE_PROBLEMS[verdict](channel.stream));
  }
  return whyIdle(target);
}

/** The account and, of a room's channel, the room. */
const whyIdle = ({ account, channel, roomClosed }: PublishTarget): LiveError | null =>
  whyRefused(account) ??
  (roomClosed
    ? new LiveError('ROOM_CLOSED', `the room of the stream "${channel.stream}" is closed: open one, then push again`)
    : null);

const SIGNATURE_PROBLEMS = {
  missing: (stream: string) => `the push URL of "${stream}" needs txSecret and txTime: use the channel's push URL`,
  wrong: (stream: string) => `the signature does not fit the stream "${stream}": use the channel's push URL as it is`,
  expired: (stream: string) => `the push URL of "${stream}" has expired: get a fresh one`,
} as const;

/**
 * Why a stream that is live must stop; null when it may go on. Signatures are for beginning only: a publisher outlives its URL.
 * @param channelId of the channel that the stream was let in for.
 */
export function whyMustStop(target: PublishTarget | undefined, channelId: string): LiveError | null {
  return target?.channel.id === channelId ? whyIdle(target) : channelMissing(channelId);
}

export const channelMissing = (id: string): LiveError =>
  new LiveError('CHANNEL_NOT_FOUND', `there is no channel "${id}": it was deleted, or never was`);

export const streamMissing = (stream: string): LiveError =>
  new LiveError('CHANNEL_NOT_FOUND', `no channel has the stream "${stream}": create one, or check the name`);

export const playPolicy = ({ channel, keys }: PublishTarget): PlayPolicy => ({
  signedWith: channel.playAuth === 'signed' ? playKeys(keys) : null,
});

export const samePolicy = (a: PlayPolicy, b: PlayPolicy): boolean =>
  JSON.stringify([a.signedWith, a.members, a.silenced]) === JSON.stringify([b.signedWith, b.members, b.silenced]);
