import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Rooms, and the channels that were made for them. */
export const rooms: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('room')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('app_id', 'text', (c) => c.notNull())
      .addColumn('account_id', 'text', (c) => c.notNull())
      .addColumn('anchor_id', 'text', (c) => c.notNull())
      .addColumn('channel_id', 'text', (c) => c.notNull())
      .addColumn('stream', 'text', (c) => c.notNull())
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('cover', 'text')
      .addColumn('location', 'text')
      .addColumn('tags', 'text', (c) => c.notNull())
      .addColumn('mode', 'text', (c) => c.notNull())
      .addColumn('settings', 'text', (c) => c.notNull())
      .addColumn('custom', 'text', (c) => c.notNull())
      .addColumn('search', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('beat_at', 'bigint', (c) => c.notNull())
      .addColumn('live_since', 'bigint')
      .addColumn('on_air_since', 'bigint')
      .addColumn('on_air_ms', 'bigint', (c) => c.notNull())
      .addColumn('off_air_at', 'bigint')
      .addColumn('due_at', 'bigint')
      .addColumn('closed_at', 'bigint')
      .addColumn('close_reason', 'text')
      .addColumn('viewers', 'bigint', (c) => c.notNull())
      .addColumn('peak_viewers', 'bigint', (c) => c.notNull())
      .addColumn('total_viewers', 'bigint', (c) => c.notNull())
      .addColumn('likes', 'bigint', (c) => c.notNull())
      .addForeignKeyConstraint('room_anchor', ['app_id', 'anchor_id'], 'app_user', ['app_id', 'user_id'], (c) =>
        c.onDelete('cascade'),
      )
      .execute();
    await db.schema.createIndex('room_of_anchor').on('room').columns(['app_id', 'anchor_id', 'state']).execute();
    await db.schema.createIndex('room_of_app').on('room').columns(['app_id', 'state', 'created_at', 'id']).execute();
    await db.schema.createIndex('room_of_channel').on('room').columns(['channel_id', 'state']).execute();
    await db.schema.createIndex('room_due').on('room').column('due_at').execute();
    await db.schema.createIndex('room_by_end').on('room').column('closed_at').execute();
    await db.schema
      .createTable('room_channel')
      .addColumn('channel_id', 'text', (c) => c.primaryKey().references('channel.id').onDelete('cascade'))
      .addColumn('app_id', 'text', (c) => c.notNull())
      .addColumn('anchor_id', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'bigint')
      .addUniqueConstraint('room_channel_of_anchor', ['app_id', 'anchor_id'])
      .addForeignKeyConstraint('room_channel_anchor', ['app_id', 'anchor_id'], 'app_user', ['app_id', 'user_id'], (c) =>
        c.onDelete('cascade'),
      )
      .execute();
    await db.schema.createIndex('room_channel_by_end').on('room_channel').column('expires_at').execute();
  },
};
