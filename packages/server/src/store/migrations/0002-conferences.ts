import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Conferences and who is in them. */
export const conferences: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('conference')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('app_id', 'text', (c) => c.notNull().references('app.id'))
      .addColumn('account_id', 'text', (c) => c.notNull().references('account.id'))
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('capacity', 'integer', (c) => c.notNull())
      .addColumn('open', 'integer', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('owner_id', 'text')
      .addColumn('version', 'bigint', (c) => c.notNull())
      .addColumn('last_no', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('ended_at', 'bigint')
      .addColumn('due_at', 'bigint')
      .execute();
    await db.schema.createIndex('conference_by_age').on('conference').columns(['created_at', 'id']).execute();
    await db.schema.createIndex('conference_of_app').on('conference').columns(['app_id', 'created_at', 'id']).execute();
    await db.schema.createIndex('conference_due').on('conference').column('due_at').execute();
    await db.schema
      .createTable('conference_member')
      .addColumn('conference_id', 'text', (c) => c.notNull().references('conference.id').onDelete('cascade'))
      .addColumn('no', 'bigint', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('nickname', 'text', (c) => c.notNull())
      .addColumn('stream', 'text')
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('joined_at', 'bigint', (c) => c.notNull())
      .addColumn('seen_at', 'bigint', (c) => c.notNull())
      .addColumn('polled_at', 'bigint')
      .addColumn('lost_at', 'bigint')
      .addColumn('audio_muted_by', 'text')
      .addColumn('video_muted_by', 'text')
      .addPrimaryKeyConstraint('conference_member_key', ['conference_id', 'no'])
      .addUniqueConstraint('conference_member_once', ['conference_id', 'user_id'])
      .execute();
  },
};
