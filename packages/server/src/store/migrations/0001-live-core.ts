import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Accounts, apps, channels, sessions, figures, traffic. */
export const liveCore: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await tenants(db);
    await channels(db);
    await history(db);
  },
};

async function tenants(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('account')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('channel_quota', 'integer', (c) => c.notNull())
    .addColumn('traffic_package_bytes', 'bigint')
    .addColumn('traffic_used_bytes', 'bigint', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('app')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'text', (c) => c.notNull().references('account.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('push_key', 'text', (c) => c.notNull())
    .addColumn('push_key_backup', 'text')
    .addColumn('play_key', 'text', (c) => c.notNull())
    .addColumn('play_key_backup', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('app_of_account').on('app').columns(['account_id', 'created_at', 'id']).execute();
  await db.schema
    .createTable('api_key')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('app_id', 'text', (c) => c.notNull().references('app.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('hint', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('api_key_of_app').on('api_key').columns(['app_id', 'created_at', 'id']).execute();
}

async function channels(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('channel')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('app_id', 'text', (c) => c.notNull().references('app.id'))
    .addColumn('account_id', 'text', (c) => c.notNull().references('account.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('stream', 'text', (c) => c.notNull().unique())
    .addColumn('push_auth', 'text', (c) => c.notNull())
    .addColumn('play_auth', 'text', (c) => c.notNull())
    .addColumn('listed', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('channel_by_age').on('channel').columns(['created_at', 'id']).execute();
  await db.schema.createIndex('channel_of_app').on('channel').columns(['app_id', 'created_at', 'id']).execute();
  await db.schema.createIndex('channel_of_account').on('channel').column('account_id').execute();
}

async function history(db: Kysely<unknown>): Promise<void> {
  // No foreign keys to the channel here: these rows are written in batches, and one whose channel was deleted a moment
  // ago must not fail the others.
  await db.schema
    .createTable('publish_session')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('stream', 'text', (c) => c.notNull())
    .addColumn('worker', 'text', (c) => c.notNull())
    .addColumn('protocol', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('end_reason', 'text')
    .addColumn('peak_viewers', 'integer', (c) => c.notNull())
    .addColumn('video_codec', 'text')
    .addColumn('width', 'integer')
    .addColumn('height', 'integer')
    .addColumn('audio_codec', 'text')
    .execute();
  await db.schema
    .createIndex('session_of_channel')
    .on('publish_session')
    .columns(['channel_id', 'started_at', 'id'])
    .execute();
  await db.schema.createIndex('session_by_end').on('publish_session').column('ended_at').execute();
  await db.schema
    .createTable('figure_sample')
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('viewers', 'integer', (c) => c.notNull())
    .addColumn('viewers_by_protocol', 'text', (c) => c.notNull())
    .addColumn('video_kbps', 'integer', (c) => c.notNull())
    .addColumn('audio_kbps', 'integer', (c) => c.notNull())
    .addColumn('fps', 'double precision', (c) => c.notNull())
    .addColumn('gop_ms', 'integer', (c) => c.notNull())
    .addColumn('out_kbps', 'bigint', (c) => c.notNull())
    .addColumn('frames_dropped', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('figure_sample_key', ['channel_id', 'at'])
    .execute();
  await db.schema.createIndex('figure_sample_by_age').on('figure_sample').column('at').execute();
  await db.schema
    .createTable('traffic_day')
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('protocol', 'text', (c) => c.notNull())
    .addColumn('direction', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('traffic_day_key', ['channel_id', 'day', 'account_id', 'protocol', 'direction'])
    .execute();
  await db.schema.createIndex('traffic_of_account').on('traffic_day').columns(['account_id', 'day']).execute();
  await db.schema
    .createTable('usage_report')
    .addColumn('incarnation', 'text', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('counted_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('usage_report_key', ['incarnation', 'seq'])
    .execute();
  await db.schema.createIndex('usage_report_by_age').on('usage_report').column('counted_at').execute();
}
