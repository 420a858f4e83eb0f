import { createHash } from 'node:crypto';
import { newId, newStreamName } from '../auth/secrets.ts';

/*
 * A mix's id stands where a stream's channel does: in leases, reports and traffic. Channels' ids begin with `ch_`, what stands
 * for a conference with `cf-`.
 */

const MIX = 'mix_';
/** Of the picture that stands in for a channel's stream. */
const STAND_IN = 'mixp_';

export const newMixId = (): string => newId('mix');

/** The one mix that a channel's picture has. */
export const standInId = (channelId: string): string =>
  `${STAND_IN}${createHash('sha256').update(channelId).digest('hex').slice(0, 24)}`;

export const isMixChannel = (channelId: string): boolean => channelId.startsWith(MIX) || channelId.startsWith(STAND_IN);

/** For a mix whose output has no name of its own: nobody guesses it. */
export const newMixStream = (): string => `mix-${newStreamName()}`;

/** The mix's stream that this is, or is the mix-minus stream of. */
export const mixStreamOf = (stream: string): string => /^(.+?)\.minus-/.exec(stream)?.[1] ?? stream;
