import type { EndReason } from '@lianmai/contract';

/**
 * Where a publisher's session stands.
 * - `live`: holds the lease, feeds the stream.
 * - `silent`: connected, but no bytes for a while: the lease is let go, so that the publisher may come back elsewhere.
 * - `returning`: bytes came again and the lease is asked for; frames wait.
 * - `vanished`: the connection is gone; viewers wait for another one.
 * - `over`.
 */
export type PublicationState =
  | { readonly at: 'live'; readonly heardMs: number }
  | { readonly at: 'silent'; readonly sinceMs: number }
  | { readonly at: 'returning'; readonly sinceMs: number }
  | { readonly at: 'vanished'; readonly sinceMs: number }
  | { readonly at: 'over' };

export type PublicationEvent =
  /** Bytes came from the peer since the last tick, or right now when it was silent. */
  | { readonly type: 'heard' }
  | { readonly type: 'tick' }
  /** The peer said it is done, or its connection is to be treated so. */
  | { readonly type: 'goodbye'; readonly reason: EndReason }
  /** The connection is gone without a goodbye. */
  | { readonly type: 'lost' }
  /** The answer to asking for the lease again. */
  | { readonly type: 'regained' }
  /** Somebody else publishes the stream now. */
  | { readonly type: 'replaced' }
  /** Taken away: by the API, for the account's sake, at shutdown. */
  | { readonly type: 'revoked'; readonly reason: EndReason };

/** What the hub has to do, in this order. */
export type PublicationEffect =
  /** Tell sinks and the system that the publisher is gone for now. */
  | { readonly do: 'interrupt' }
  | { readonly do: 'releaseLease' }
  | { readonly do: 'askForLease' }
  /** Tell that it is back, and let go the frames that waited. */
  | { readonly do: 'resume' }
  /** Tell the peer that its right is taken, so that it closes. */
  | { readonly do: 'tellPeer'; readonly reason: EndReason }
  /** The stream is over. */
  | { readonly do: 'endStream'; readonly reason: EndReason };

export interface PublicationLimits {
  /** Without bytes for so long a publisher counts as silent. */
  silenceMs: number;
  /** How long viewers wait for one that is silent or gone. */
  graceMs: number;
}

export interface PublicationStep {
  readonly state: PublicationState;
  readonly effects: readonly PublicationEffect[];
}

const OVER: PublicationState = { at: 'over' };

/** The rules of a publisher's life: what follows from an event at a time. Read each state from top to bottom. */
export function stepPublication(
  state: PublicationState,
  event: PublicationEvent,
  nowMs: number,
  limits: PublicationLimits,
): PublicationStep {
  switch (state.at) {
    case 'live':
      return stepLive(state, event, nowMs, limits);
    case 'silent':
    case 'returning':
      return stepSilent(state, event, nowMs, limits);
    case 'vanished':
      return stepVanished(state, event, nowMs, limits);
    case 'over':
      return { state, effects: [] };
  }
}

function stepLive(
  state: PublicationState & { at: 'live' },
  event: PublicationEvent,
  nowMs: number,
  { silenceMs }: PublicationLimits,
): PublicationStep {
  switch (event.type) {
    case 'heard':
      return { state: { at: 'live', heardMs: nowMs }, effects: [] };
    case 'tick':
      if (nowMs - state.heardMs < silenceMs) return { state, effects: [] };
      return { state: { at: 'silent', sinceMs: nowMs }, effects: [{ do: 'interrupt' }, { do: 'releaseLease' }] };
    case 'goodbye':
      return { state: OVER, effects: [{ do: 'endStream', reason: event.reason }, { do: 'releaseLease' }] };
    case 'lost':
      return { state: { at: 'vanished', sinceMs: nowMs }, effects: [{ do: 'interrupt' }, { do: 'releaseLease' }] };
    case 'regained':
      return { state, effects: [] };
    case 'replaced':
      return { state: OVER, effects: [{ do: 'tellPeer', reason: 'replaced' }] };
    case 'revoked':
      return {
        state: OVER,
        effects: [
          { do: 'tellPeer', reason: event.reason },
          { do: 'endStream', reason: event.reason },
          { do: 'releaseLease' },
        ],
      };
  }
}

function stepSilent(
  state: PublicationState & { at: 'silent' | 'returning' },
  event: PublicationEvent,
  nowMs: number,
  { graceMs }: PublicationLimits,
): PublicationStep {
  switch (event.type) {
    case 'heard':
      if (state.at === 'returning') return { state, effects: [] };
      return { state: { at: 'returning', sinceMs: state.sinceMs }, effects: [{ do: 'askForLease' }] };
    case 'tick':
      if (nowMs - state.sinceMs < graceMs) return { state, effects: [] };
      return {
        state: OVER,
        effects: [
          { do: 'tellPeer', reason: 'timed-out' },
          { do: 'endStream', reason: 'timed-out' },
          { do: 'releaseLease' },
        ],
      };
    case 'goodbye':
      return { state: OVER, effects: [{ do: 'endStream', reason: event.reason }, { do: 'releaseLease' }] };
    case 'lost':
      return { state: { at: 'vanished', sinceMs: state.sinceMs }, effects: [{ do: 'releaseLease' }] };
    case 'regained':
      return { state: { at: 'live', heardMs: nowMs }, effects: [{ do: 'resume' }] };
    case 'replaced':
      return { state: OVER, effects: [{ do: 'tellPeer', reason: 'replaced' }] };
    case 'revoked':
      return {
        state: OVER,
        effects: [
          { do: 'tellPeer', reason: event.reason },
          { do: 'endStream', reason: event.reason },
          { do: 'releaseLease' },
        ],
      };
  }
}

function stepVanished(
  state: PublicationState & { at: 'vanished' },
  event: PublicationEvent,
  nowMs: number,
  { graceMs }: PublicationLimits,
): PublicationStep {
  switch (event.type) {
    case 'tick':
      if (nowMs - state.sinceMs < graceMs) return { state, effects: [] };
      return { state: OVER, effects: [{ do: 'endStream', reason: 'vanished' }] };
    case 'goodbye':
    case 'revoked':
      return { state: OVER, effects: [{ do: 'endStream', reason: event.reason }] };
    case 'replaced':
      return { state: OVER, effects: [] };
    case 'regained': // the answer came after the connection had gone
      return { state, effects: [{ do: 'releaseLease' }] };
    case 'heard':
    case 'lost':
      return { state, effects: [] };
  }
}
