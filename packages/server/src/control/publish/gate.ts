import { type PublishGrant, type PublishRequest, STREAM_NAME } from '@lianmai/contract';
import type { Db } from '../../store/store.ts';
import { newId } from '../auth/secrets.ts';
import { channelIdOf, conferenceOfStream } from '../conference/names.ts';
import { memberPlayPolicy, whyMemberRefused } from '../conference/rules.ts';
import { loadMemberTargets } from '../conference/store.ts';
import { playPolicy, streamMissing, whyPublishRefused } from './rules.ts';
import { loadTargets } from './store.ts';

/**
 * Decides whether a publisher may go live: in a channel, by its signature; in a conference, by its member's token.
 * @throws LiveError CHANNEL_NOT_FOUND, BAD_SIGNATURE, ACCOUNT_SUSPENDED, LIVE_NOT_ENABLED, ACCOUNT_IN_ARREARS; in a conference
 * also CONFERENCE_ENDED, MEMBER_KICKED, NOT_A_MEMBER.
 */
export async function admitPublisher(db: Db, request: PublishRequest, nowMs: number): Promise<PublishGrant> {
  const { stream, query } = request;
  // Anything else cannot be a channel's, and may be anything that a stranger sends.
  if (!STREAM_NAME.test(stream)) throw streamMissing(stream.slice(0, 128));
  const target = (await loadTargets(db, [stream])).get(stream);
  if (!target) return admitMember(db, request, nowMs);
  const refused = whyPublishRefused(target, query, nowMs);
  if (refused) throw refused;
  return {
    sessionId: newId('ses'),
    channelId: target.channel.id,
    accountId: target.account.id,
    play: playPolicy(target),
  };
}

async function admitMember(db: Db, { stream, query }: PublishRequest, nowMs: number): Promise<PublishGrant> {
  const conferenceId = conferenceOfStream(stream);
  if (conferenceId === null) throw streamMissing(stream);
  const target = (await loadMemberTargets(db, [conferenceId])).get(conferenceId);
  if (!target) throw streamMissing(stream);
  const refused = whyMemberRefused(target, stream, query, nowMs);
  if (refused) throw refused;
  return {
    sessionId: newId('ses'),
    channelId: channelIdOf(conferenceId),
    accountId: target.account.id,
    play: memberPlayPolicy(target, stream),
  };
}
