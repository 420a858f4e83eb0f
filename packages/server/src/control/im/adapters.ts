import type { AppUserRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { RoomHall } from '../room/hall.ts';
import { settingsOf } from '../room/rules.ts';
import { type RoomWithAnchor, roomMissing } from '../room/store.ts';
import type { RoomView } from '../room/view.ts';
import { profileOf } from '../user/rules.ts';
import { findTokenHolder, findUser } from '../user/store.ts';
import type { ImRooms, ImUsers } from './ports.ts';

/** Users as chat needs them, from the domain that keeps them. */
export function usersOf(db: Db): ImUsers {
  const shown = (user: AppUserRow | undefined) => (user ? profileOf(user) : null);
  return {
    profile: async (identity) => shown(await findUser(db, identity)),
    // One query: when a crowd connects anew, this is what it waits for.
    admit: async (identity, token) => shown(await findTokenHolder(db, identity, token)),
  };
}

/** Rooms as chat needs them, from the domain that keeps them. */
export function roomsOf(hall: RoomHall, view: RoomView): ImRooms {
  const found = async (roomId: string): Promise<RoomWithAnchor> => {
    const room = await hall.find(roomId);
    if (!room) throw roomMissing(roomId);
    return room;
  };
  return {
    async find(roomId) {
      const room = await hall.find(roomId);
      if (!room || room.state === 'closed') return null;
      const { id, appId, anchorId } = room;
      // Whose stream is not anybody's to watch, its chat is not anybody's to read.
      const isPublic = room.playAuth !== 'signed';
      return { id, appId, anchorId, isPublic, likes: hall.counters.figures(room).likes, settings: settingsOf(room) };
    },
    view: async (roomId) => view.room(await found(roomId), null),
    configure: (roomId, settings) => hall.update(roomId, { settings }),
    addLikes: (roomId, count) => hall.counters.addLikes(roomId, count),
    setAudience: (roomId, viewers, total) => hall.counters.setViewers(roomId, viewers, total),
  };
}
