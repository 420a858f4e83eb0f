import type { PlayUrls, PushUrls, Room, RoomPulse } from '@lianmai/contract/rest';
import { signTx } from '../../auth/tx-signature.ts';
import type { RoomRow } from '../../store/schema.ts';
import type { Addresses } from '../addresses.ts';
import type { Principal } from '../auth/principal.ts';
import { playUrls, pushUrls, URLS_LAST_MS } from '../channel/urls.ts';
import { rfc3339 } from '../rest/time.ts';
import { pictureUrl, profileOf } from '../user/rules.ts';
import type { RoomCounters } from './counters.ts';
import { mayChange, mayWatch, settingsOf } from './rules.ts';
import { onAirMs } from './state.ts';
import type { RoomWithAnchor } from './store.ts';

const HOUR_MS = 3_600_000;

export interface RoomViewOptions {
  addresses: Addresses;
  counters: RoomCounters;
  now: () => number;
}

/** Shows rooms. Where to push to is only for those who may change the room. */
export class RoomView {
  readonly #options: RoomViewOptions;

  constructor(options: RoomViewOptions) {
    this.#options = options;
  }

  /** @param viewer who looks; null: anybody. */
  room(room: RoomWithAnchor, viewer: Principal | null): Room {
    const { counters } = this.#options;
    const { id, appId, title, location, mode, state, channelId, stream, nickname, avatar } = room;
    const { viewers, likes, peakViewers, totalViewers } = counters.figures(room);
    const push = state !== 'closed' && mayChange(room, viewer) ? this.#push(room) : null;
    return {
      id,
      appId,
      title,
      cover: pictureUrl(room.cover),
      thumbnail: this.#thumbnail(room, viewer),
      location,
      tags: JSON.parse(room.tags),
      mode,
      state,
      anchor: profileOf({ userId: room.anchorId, nickname, avatar }),
      channel: { id: channelId, stream, ...(push ? { push } : {}), play: this.#play(room, viewer) },
      viewers: state === 'closed' ? 0 : viewers,
      likes,
      settings: settingsOf(room),
      custom: JSON.parse(room.custom),
      createdAt: rfc3339(room.createdAt),
      liveSince: room.liveSince === null ? null : rfc3339(room.liveSince),
      closedAt: room.closedAt === null ? null : rfc3339(room.closedAt),
      closeReason: room.closeReason,
      summary:
        state === 'closed' ? { durationSeconds: this.#onAirSeconds(room), peakViewers, totalViewers, likes } : null,
    };
  }

  pulse(room: RoomRow): RoomPulse {
    const { viewers, likes } = this.#options.counters.figures(room);
    return { state: room.state, viewers, likes, onAirSeconds: this.#onAirSeconds(room) };
  }

  #onAirSeconds = (room: RoomRow): number => Math.round(onAirMs(room, this.#options.now()) / 1000);

  #push({ stream, pushAuth, pushKey }: RoomWithAnchor): PushUrls {
    const { addresses, now } = this.#options;
    return pushUrls(addresses, stream, pushAuth === 'open' ? null : pushKey, now() + URLS_LAST_MS);
  }

  /** For who may watch. */
  #thumbnail(room: RoomWithAnchor, viewer: Principal | null): string | null {
    const { id, state, stream, playAuth, playKey } = room;
    if (state !== 'live' || !mayWatch(room, viewer)) return null;
    const path = `/v1/rooms/${id}/thumbnail.jpg`;
    if (playAuth !== 'signed') return path;
    // The same for a while, so that it can be kept.
    const expiresAtMs = (Math.floor(this.#options.now() / HOUR_MS) + 2) * HOUR_MS;
    return `${path}?${signTx(playKey, stream, expiresAtMs)}`;
  }

  /** With a signature where it takes one, for who may watch. */
  #play(room: RoomWithAnchor, viewer: Principal | null): PlayUrls {
    const { addresses, now } = this.#options;
    const { stream, playAuth, playKey } = room;
    const key = playAuth === 'signed' && mayWatch(room, viewer) ? playKey : null;
    return playUrls(addresses, stream, key, now() + URLS_LAST_MS);
  }
}
