import type { StreamState } from '@lianmai/contract';
import type { Channel, SignedUrls } from '@lianmai/contract/rest';
import type { Static } from 'typebox';
import type { Addresses } from '../addresses.ts';
import type { LiveBoard } from '../live/board.ts';
import { type FigureBoard, liveFigures } from '../live/figures.ts';
import type { LiveEntry } from '../live/state.ts';
import { rfc3339 } from '../rest/time.ts';
import type { ChannelWithKeys } from './store.ts';
import { playUrls, pushUrls } from './urls.ts';

export interface ChannelViewDeps {
  addresses: Addresses;
  live: LiveBoard;
  figures: FigureBoard;
}

/** Shows a channel to its owner: settings, signed addresses, and what it is doing. */
export class ChannelView {
  readonly #deps: ChannelViewDeps;

  constructor(deps: ChannelViewDeps) {
    this.#deps = deps;
  }

  /** What the channel's stream is doing; null when idle. */
  entryOf(channel: Pick<ChannelWithKeys, 'id' | 'stream'>): LiveEntry | null {
    const entry = this.#deps.live.get(channel.stream);
    // A stream of that name may still be ending for a channel that was deleted.
    return entry?.channelId === channel.id ? entry : null;
  }

  urls(channel: ChannelWithKeys, expiresAtMs: number): Static<typeof SignedUrls> {
    const { addresses } = this.#deps;
    const { stream, pushAuth, playAuth, pushKey, playKey } = channel;
    return {
      push: pushUrls(addresses, stream, pushAuth === 'signed' ? pushKey : null, expiresAtMs),
      play: playUrls(addresses, stream, playAuth === 'signed' ? playKey : null, expiresAtMs),
    };
  }

  channel(channel: ChannelWithKeys, expiresAtMs: number): Channel {
    const { id, appId, accountId, name, stream, pushAuth, playAuth, listed, createdAt } = channel;
    const entry = this.entryOf(channel);
    return {
      id,
      appId,
      accountId,
      name,
      stream,
      state: stateOf(entry),
      pushAuth,
      playAuth,
      listed: listed === 1,
      ...this.urls(channel, expiresAtMs),
      ...(entry ? liveFigures(entry, this.#deps.figures.measure(entry)) : {}),
      createdAt: rfc3339(createdAt),
    };
  }
}

export const stateOf = (entry: LiveEntry | null): StreamState =>
  entry === null ? 'idle' : entry.interruptedAtMs === null ? 'live' : 'interrupted';
