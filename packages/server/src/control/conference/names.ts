import { randomBytes } from 'node:crypto';
import { newId } from '../auth/secrets.ts';

/*
 * A member's stream is `cf-<conference>-<ten hex digits>`; what it is published for is, in leases, sessions and traffic, the
 * "channel" `cf-<conference>`. Channels' own ids begin with `ch_`.
 */

export const MEMBER_STREAM_PREFIX = 'cf-';
const MEMBER_STREAM = /^cf-([A-Za-z0-9_-]{1,64})-[0-9a-f]{10}$/;

/** A name for a member's stream, never used before. */
export const newMemberStream = (conferenceId: string): string =>
  `${MEMBER_STREAM_PREFIX}${conferenceId}-${randomBytes(5).toString('hex')}`;

/** The conference that a stream of this name would be a member's of; null: it is not named so. */
export const conferenceOfStream = (stream: string): string | null => MEMBER_STREAM.exec(stream)?.[1] ?? null;

/** What stands for the conference where a stream's channel does. */
export const channelIdOf = (conferenceId: string): string => `${MEMBER_STREAM_PREFIX}${conferenceId}`;

export const isConferenceChannel = (channelId: string): boolean => channelId.startsWith(MEMBER_STREAM_PREFIX);

export const newConferenceId = (): string => newId('conf');
export const newUserId = (): string => newId('guest');
