import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Conferences that can be watched as channels. */
export const relays: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('conference_relay')
      .addColumn('channel_id', 'text', (c) => c.primaryKey())
      .addColumn('conference_id', 'text', (c) => c.notNull())
      .addColumn('mix_id', 'text')
      .execute();
    await db.schema.createIndex('conference_relay_of').on('conference_relay').column('conference_id').execute();
  },
};
