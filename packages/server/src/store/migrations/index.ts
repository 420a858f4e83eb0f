import type { Migration } from 'kysely/migration';
import { liveCore } from './0001-live-core.ts';
import { conferences } from './0002-conferences.ts';
import { mixes } from './0003-mixes.ts';
import { users } from './0004-users.ts';
import { rooms } from './0005-rooms.ts';
import { chat } from './0006-chat.ts';
import { cohost } from './0007-cohost.ts';
import { relays } from './0008-relays.ts';

/** All steps of the schema, run in the order of their names. A step that was released is never changed: a new one follows. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-live-core': liveCore,
  '0002-conferences': conferences,
  '0003-mixes': mixes,
  '0004-users': users,
  '0005-rooms': rooms,
  '0006-chat': chat,
  '0007-cohost': cohost,
  '0008-relays': relays,
};
