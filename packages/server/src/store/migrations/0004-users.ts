import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Users, the keys that their UserSigs and tokens are made with. */
export const users: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await secretsOfApps(db);
    await db.schema
      .createTable('app_user')
      .addColumn('app_id', 'text', (c) => c.notNull().references('app.id').onDelete('cascade'))
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('nickname', 'text', (c) => c.notNull())
      .addColumn('avatar', 'text')
      .addColumn('login_name', 'text')
      .addColumn('password', 'text')
      .addColumn('generation', 'bigint', (c) => c.notNull())
      .addColumn('signed_out_at', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('app_user_key', ['app_id', 'user_id'])
      .addUniqueConstraint('app_user_login', ['app_id', 'login_name'])
      .execute();
    await db.schema
      .createTable('logged_out_token')
      .addColumn('app_id', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('token_id', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('logged_out_token_key', ['app_id', 'user_id', 'token_id'])
      .addForeignKeyConstraint('logged_out_token_user', ['app_id', 'user_id'], 'app_user', ['app_id', 'user_id'], (c) =>
        c.onDelete('cascade'),
      )
      .execute();
    await db.schema.createIndex('logged_out_token_by_end').on('logged_out_token').column('expires_at').execute();
    await db.schema
      .createTable('server_secret')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('value', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();
  },
};

const FIRST_SDK_APP_ID = 1_400_000_000;

/** SQLite adds only columns that have a default: the apps that are there get theirs one by one. */
async function secretsOfApps(db: Kysely<unknown>): Promise<void> {
  for (const [name, type, initial] of [
    ['sdk_app_id', 'bigint', 0],
    ['secret_key', 'text', ''],
    ['room_quota', 'integer', 1000],
  ] as const)
    await db.schema
      .alterTable('app')
      .addColumn(name, type, (c) => c.notNull().defaultTo(initial))
      .execute();
  await db.schema.alterTable('app').addColumn('secret_key_backup', 'text').execute();
  // Through the plugin that turns names into camel case, as all rows are read.
  const rows = db as Kysely<{ app: { id: string; createdAt: number; sdkAppId: number; secretKey: string } }>;
  const apps = await rows.selectFrom('app').select('id').orderBy('createdAt').orderBy('id').execute();
  // The default app, made at the first start, is the oldest.
  for (const [i, { id }] of apps.entries())
    await rows
      .updateTable('app')
      .set({ sdkAppId: FIRST_SDK_APP_ID + i, secretKey: randomBytes(32).toString('hex') })
      .where('id', '=', id)
      .execute();
  await db.schema.createIndex('app_by_sdk_app_id').on('app').column('sdk_app_id').unique().execute();
}
