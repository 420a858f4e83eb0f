import type { Migration } from 'kysely/migration';
import { liveCore } from './0001-live-core.ts';
import { conferences } from './0002-conferences.ts';

/** All steps of the schema, run in the order of their names. A step that was released is never changed: a new one follows. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-live-core': liveCore,
  '0002-conferences': conferences,
};
