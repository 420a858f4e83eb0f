import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What is kept of rooms' chat, and what is set for it. */
export const chat: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const ofRoom = (table: string) =>
      db.schema
        .createTable(table)
        .addColumn('room_id', 'text', (c) => c.notNull().references('room.id').onDelete('cascade'));
    await ofRoom('chat_message')
      .addColumn('seq', 'bigint', (c) => c.notNull())
      .addColumn('message', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('chat_message_key', ['room_id', 'seq'])
      .execute();
    await db.schema.createIndex('chat_message_by_seq').on('chat_message').column('seq').execute();
    await ofRoom('chat_visitor')
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('chat_visitor_key', ['room_id', 'user_id'])
      .execute();
    await ofRoom('chat_moderator')
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('chat_moderator_key', ['room_id', 'user_id'])
      .execute();
    await ofRoom('chat_sanction')
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('until_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('chat_sanction_key', ['room_id', 'user_id', 'kind'])
      .execute();
    await ofRoom('chat_gift')
      .addColumn('gift_id', 'text', (c) => c.notNull())
      .addColumn('count', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('chat_gift_key', ['room_id', 'gift_id'])
      .execute();
    await db.schema
      .createTable('chat_rules')
      .addColumn('app_id', 'text', (c) => c.primaryKey().references('app.id').onDelete('cascade'))
      .addColumn('words', 'text', (c) => c.notNull())
      .addColumn('gifts', 'text', (c) => c.notNull())
      .execute();
  },
};
