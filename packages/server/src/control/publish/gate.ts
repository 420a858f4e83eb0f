import { type PublishGrant, type PublishRequest, STREAM_NAME } from '@lianmai/contract';
import type { Db } from '../../store/store.ts';
import { newId } from '../auth/secrets.ts';
import { playPolicy, streamMissing, whyPublishRefused } from './rules.ts';
import { loadTargets } from './store.ts';

/**
 * Decides whether a publisher may go live.
 * @throws LiveError CHANNEL_NOT_FOUND, BAD_SIGNATURE, ACCOUNT_SUSPENDED, LIVE_NOT_ENABLED, ACCOUNT_IN_ARREARS.
 */
export async function admitPublisher(db: Db, request: PublishRequest, nowMs: number): Promise<PublishGrant> {
  const { stream, query } = request;
  // Anything else cannot be a channel's, and may be anything that a stranger sends.
  if (!STREAM_NAME.test(stream)) throw streamMissing(stream.slice(0, 128));
  const target = (await loadTargets(db, [stream])).get(stream);
  if (!target) throw streamMissing(stream);
  const refused = whyPublishRefused(target, query, nowMs);
  if (refused) throw refused;
  return {
    sessionId: newId('ses'),
    channelId: target.channel.id,
    accountId: target.account.id,
    play: playPolicy(target),
  };
}
