import { LiveError } from '@lianmai/contract';
import type { CreateRoom, RoomSettings, UpdateRoom } from '@lianmai/contract/rest';
import type { PlayAuth, RoomRow } from '../../store/schema.ts';
import type { Principal } from '../auth/principal.ts';
import { pictureRef, tidy } from '../user/rules.ts';

const FIRST_SETTINGS: RoomSettings = { slowModeSeconds: 0, muteAll: false, coHosting: true };

/** What anchor, app and operator may change in a room. */
export type RoomFields = Pick<RoomRow, 'title' | 'cover' | 'location' | 'tags' | 'mode' | 'settings'>;

export const fieldsOf = ({ title, cover, location, tags, mode, settings }: CreateRoom): RoomFields => ({
  title: tidy(title),
  cover: pictureRef(cover ?? null),
  location: location ? tidy(location) : null,
  tags: JSON.stringify((tags ?? []).map(tidy)),
  mode: mode ?? 'server-mix',
  settings: JSON.stringify({ ...FIRST_SETTINGS, ...settings }),
});

/** The fields with what is given in place of what was. */
export const changeFields = (
  room: RoomFields,
  { title, cover, location, tags, mode, settings }: UpdateRoom,
): RoomFields => ({
  title: title === undefined ? room.title : tidy(title),
  cover: cover === undefined ? room.cover : pictureRef(cover),
  location: location === undefined ? room.location : location && tidy(location),
  tags: tags === undefined ? room.tags : JSON.stringify(tags.map(tidy)),
  mode: mode ?? room.mode,
  settings: JSON.stringify({ ...settingsOf(room), ...settings }),
});

export const settingsOf = ({ settings }: Pick<RoomRow, 'settings'>): RoomSettings => JSON.parse(settings);

/** As texts are compared in a search: case and width do not matter. */
export const searchable = (text: string): string => tidy(text).normalize('NFKC').toLowerCase();

/** What a room is found by. */
export const searchText = (title: string, nickname: string): string => `${searchable(title)}\n${searchable(nickname)}`;

type Owned = Pick<RoomRow, 'appId' | 'anchorId'>;

export const isAnchor = ({ appId, anchorId }: Owned, principal: Principal | null): boolean =>
  principal?.kind === 'user' && principal.appId === appId && principal.userId === anchorId;

/** Its anchor, its app and the operator may change it. */
export const mayChange = (room: Owned, principal: Principal | null): boolean =>
  principal?.kind === 'operator' ||
  (principal?.kind === 'app' && principal.appId === room.appId) ||
  isAnchor(room, principal);

/** Where an operator had a room's channel signed, its app's users may watch it, and who may change it; nobody of another app. */
export const mayWatch = (
  { appId, playAuth }: Pick<RoomRow, 'appId'> & { playAuth: PlayAuth | null },
  principal: Principal | null,
): boolean =>
  playAuth !== 'signed' || principal?.kind === 'operator' || (principal !== null && principal.appId === appId);

/** @throws LiveError FORBIDDEN */
export function checkMayChange(room: Owned & Pick<RoomRow, 'id'>, principal: Principal | null): void {
  if (!mayChange(room, principal))
    throw new LiveError('FORBIDDEN', `only the anchor of room "${room.id}" may do that, or a key of its app`);
}

export const roomClosed = (id: string): LiveError =>
  new LiveError('ROOM_CLOSED', `room "${id}" is closed: open another`);
