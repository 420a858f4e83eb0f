import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Co-hosting and battles. */
export const cohost: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('cohost_session')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('room_id', 'text', (c) => c.notNull().references('room.id').onDelete('cascade'))
      .addColumn('app_id', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('asked_by', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('due_at', 'bigint')
      .addColumn('on_air_at', 'bigint')
      .addColumn('ended_at', 'bigint')
      .addColumn('end_reason', 'text')
      .execute();
    await db.schema.createIndex('cohost_session_of_room').on('cohost_session').columns(['room_id', 'state']).execute();
    await db.schema
      .createIndex('cohost_session_of_user')
      .on('cohost_session')
      .columns(['app_id', 'user_id', 'state'])
      .execute();
    await db.schema.createIndex('cohost_session_due').on('cohost_session').column('due_at').execute();
    await db.schema
      .createTable('cohost_room')
      .addColumn('room_id', 'text', (c) => c.primaryKey().references('room.id').onDelete('cascade'))
      .addColumn('conference_id', 'text')
      .addColumn('mix_id', 'text')
      .addColumn('layout', 'text', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('cohost_room_of_conference').on('cohost_room').column('conference_id').execute();
    await db.schema
      .createTable('pk_session')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('app_id', 'text', (c) => c.notNull())
      .addColumn('room_id', 'text', (c) => c.notNull().references('room.id').onDelete('cascade'))
      .addColumn('target_room_id', 'text', (c) => c.notNull().references('room.id').onDelete('cascade'))
      .addColumn('reason', 'text')
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('due_at', 'bigint')
      .addColumn('score', 'bigint', (c) => c.notNull())
      .addColumn('target_score', 'bigint', (c) => c.notNull())
      .addColumn('winner_room_id', 'text')
      .addColumn('conference_id', 'text')
      .addColumn('mix_id', 'text')
      .addColumn('ended_at', 'bigint')
      .addColumn('end_reason', 'text')
      .execute();
    await db.schema.createIndex('pk_session_of_room').on('pk_session').columns(['room_id', 'state']).execute();
    await db.schema.createIndex('pk_session_of_target').on('pk_session').columns(['target_room_id', 'state']).execute();
    await db.schema.createIndex('pk_session_due').on('pk_session').column('due_at').execute();
  },
};
