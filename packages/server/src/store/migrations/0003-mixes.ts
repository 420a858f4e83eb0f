import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Pictures, mixes, and what viewers of a channel are to get. */
export const mixes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('picture')
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('app_id', 'text', (c) => c.notNull().references('app.id'))
      .addColumn('account_id', 'text', (c) => c.notNull().references('account.id'))
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('width', 'integer', (c) => c.notNull())
      .addColumn('height', 'integer', (c) => c.notNull())
      .addColumn('bytes', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('picture_key', ['id', 'app_id'])
      .execute();
    await db.schema.createIndex('picture_of_account').on('picture').column('account_id').execute();
    await db.schema
      .createTable('mix')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('app_id', 'text', (c) => c.notNull().references('app.id'))
      .addColumn('account_id', 'text', (c) => c.notNull().references('account.id'))
      .addColumn('stream', 'text', (c) => c.notNull().unique())
      .addColumn('play_auth', 'text')
      .addColumn('any_input', 'integer', (c) => c.notNull())
      .addColumn('spec', 'text', (c) => c.notNull())
      .addColumn('version', 'bigint', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('mixer', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('mix_by_age').on('mix').columns(['created_at', 'id']).execute();
    await db.schema.createIndex('mix_of_app').on('mix').columns(['app_id', 'created_at', 'id']).execute();
    await db.schema.createIndex('mix_of_account').on('mix').column('account_id').execute();
    await db.schema
      .createTable('channel_program')
      .addColumn('channel_id', 'text', (c) => c.primaryKey().references('channel.id').onDelete('cascade'))
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('mix_id', 'text', (c) => c.references('mix.id'))
      .addColumn('picture', 'text')
      .addColumn('fallback_picture', 'text')
      .addColumn('away_since', 'bigint')
      .execute();
    await db.schema.createIndex('program_of_mix').on('channel_program').column('mix_id').execute();
  },
};
