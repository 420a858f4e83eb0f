import type { PlayerState, Problem, StreamStatus } from './player.ts';

/** All that decides what a viewer is told; each fact has one source, the state follows from them. */
export interface PlayerFacts {
  /** The viewer wants it to run. */
  wanted: boolean;
  online: boolean;
  server: StreamStatus['is'];
  engine: 'none' | 'open' | 'finished';
  /** `moving`: the picture (or the sound) advances. */
  media: 'empty' | 'stalled' | 'moving';
  /** Something was shown since the page was opened. */
  played: boolean;
  /** The browser refuses to start without a touch. */
  blocked: boolean;
  /** Set only for problems that trying again does not cure. */
  fatal: Problem | null;
}

/**
 * The state that follows from the facts. A moving picture wins over what the server was heard to say: buffers play
 * out, and the media outlives the part that answers questions.
 */
export function stateOf(facts: PlayerFacts): PlayerState {
  if (facts.media === 'moving' && facts.wanted) return 'playing';
  if (facts.server === 'ended') return 'ended';
  if (facts.server === 'off') return facts.played ? 'ended' : 'waiting';
  if (facts.fatal) return 'failed';
  if (!facts.wanted) return 'paused';
  if (facts.blocked) return 'blocked';
  if (facts.server === 'interrupted' && facts.engine !== 'none') return 'interrupted';
  if (!facts.online) return 'offline';
  if (facts.engine === 'open' && facts.media === 'stalled') return 'buffering';
  return 'connecting';
}
