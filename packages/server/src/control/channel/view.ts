import type { Channel, ChannelProgram, SignedUrls } from '@lianmai/contract/rest';
import type { Static } from 'typebox';
import type { Addresses } from '../addresses.ts';
import type { LiveBoard } from '../live/board.ts';
import type { Stage } from '../live/stage.ts';
import type { LiveEntry } from '../live/state.ts';
import { rfc3339 } from '../rest/time.ts';
import type { ChannelWithKeys } from './store.ts';
import { playUrls, pushUrls } from './urls.ts';

export interface ChannelViewDeps {
  addresses: Addresses;
  live: LiveBoard;
  stage: Stage;
}

/** Shows a channel to its owner: settings, signed addresses, and what it is doing. */
export class ChannelView {
  readonly #deps: ChannelViewDeps;

  constructor(deps: ChannelViewDeps) {
    this.#deps = deps;
  }

  /** The channel's own publisher; null: none is there. */
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
    const onAir = this.#deps.stage.of(channel);
    return {
      id,
      appId,
      accountId,
      name,
      stream,
      state: onAir?.state ?? 'idle',
      program: programOf(channel),
      fallbackPicture: channel.fallbackPicture,
      pushAuth,
      playAuth,
      listed: listed === 1,
      ...this.urls(channel, expiresAtMs),
      ...(onAir ? this.#deps.stage.figures(onAir) : {}),
      createdAt: rfc3339(createdAt),
    };
  }
}

function programOf({ programSource, programMixId, programPicture }: ChannelWithKeys): ChannelProgram {
  const source = programSource ?? 'direct';
  return {
    source,
    mixId: source === 'mix' ? programMixId : null,
    picture: source === 'picture' ? programPicture : null,
  };
}
