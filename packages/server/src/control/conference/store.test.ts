import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { MemoryBus } from '../../bus/memory-bus.ts';
import type { Db } from '../../store/store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { DEFAULT_ID, ensureDefaults } from '../first-start.ts';
import { LiveBoard } from '../live/board.ts';
import { Overseer } from '../publish/overseer.ts';
import { ConferenceHall } from './hall.ts';
import { newConference } from './state.ts';
import * as store from './store.ts';

const row = (id: string, atMs: number, capacity = 3) =>
  newConference(
    { id, appId: DEFAULT_ID, accountId: DEFAULT_ID, title: id, capacity, open: 1, key: 'k', ownerId: null },
    atMs,
  );

describeStores('conference store', (open) => {
  const fresh = async (): Promise<Db> => {
    const { db } = await open();
    await ensureDefaults(db, 1);
    return db;
  };
  /** A control's hall, on a bus of its own. */
  const hallOn = (db: Db, now = () => 1000) => {
    const bus = new MemoryBus().member().bus;
    const live = new LiveBoard({ bus, now, publishGraceMs: 1000 });
    const log = pino({ level: 'silent' });
    return new ConferenceHall({ db, bus, live, overseer: new Overseer({ db, bus, live, log }), now, log });
  };
  const joining = (userId: string) => () =>
    ({ type: 'join', userId, nickname: userId, role: 'member', stream: `s-${userId}`, pardon: false }) as const;

  it('reads what a step wrote, members in the order they came', async () => {
    const db = await fresh();
    const hall = hallOn(db);
    await hall.open(row('talk', 1000));
    for (const userId of ['carl', 'anna', 'bert']) await hall.change('talk', joining(userId));
    await hall.change('talk', () => ({ type: 'kick', userId: 'anna' }));
    await hall.change('talk', () => ({ type: 'leave', userId: 'carl' }));
    const after = await hall.change('talk', () => ({ type: 'mute', userId: 'bert', by: 'owner', audio: true }));
    const found = await hall.find('talk');
    assert.deepEqual(found?.conference, after.conference);
    assert.deepEqual(
      found?.members.map(({ no, userId, state, audioMutedBy }) => [no, userId, state, audioMutedBy]),
      [
        [2, 'anna', 'kicked', null],
        [3, 'bert', 'joining', 'owner'],
      ],
    );
    assert.equal(found?.conference.ownerId, 'bert');
  });

  it('has no more members than places, though controls let them in at once', async () => {
    const db = await fresh();
    const halls = [hallOn(db), hallOn(db)];
    await halls[0]?.open(row('talk', 1000));
    const tries = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) => halls[i % 2]?.change('talk', joining(`u${i}`))),
    );
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 3);
    for (const attempt of tries)
      if (attempt.status === 'rejected') assert.equal((attempt.reason as Error).name, 'CONFERENCE_FULL');
    const found = await store.findGathering(db, 'talk');
    assert.deepEqual(
      found?.members.map(({ no }) => no),
      [1, 2, 3],
    );
  });

  it('changes nothing when a step is refused', async () => {
    const db = await fresh();
    const hall = hallOn(db);
    await hall.open(row('talk', 1000));
    await hall.change('talk', joining('anna'));
    const before = await hall.find('talk');
    await assert.rejects(
      hall.change('talk', () => ({ type: 'kick', userId: 'nobody' })),
      { name: 'NOT_A_MEMBER' },
    );
    assert.deepEqual(await hall.find('talk'), before);
    await assert.rejects(hall.change('nothing', joining('anna')), { name: 'CONFERENCE_NOT_FOUND' });
  });

  it('opens an id again once it has ended, and not before', async () => {
    const db = await fresh();
    const hall = hallOn(db);
    await hall.open(row('talk', 1000));
    await assert.rejects(hall.open(row('talk', 2000)), { name: 'CONFLICT' });
    await hall.change('talk', joining('anna'));
    await hall.change('talk', () => ({ type: 'kick', userId: 'anna' }));
    assert.equal((await hall.find('talk'))?.conference.state, 'ended');
    await hall.open({ ...row('talk', 2000), key: 'another' });
    const found = await hall.find('talk');
    assert.deepEqual([found?.conference.key, found?.members], ['another', []]);
  });

  it('lists by page, app and state; knows what is due; forgets what ended long ago', async () => {
    const db = await fresh();
    const hall = hallOn(db);
    for (const [i, id] of ['c1', 'c2', 'c3'].entries()) await hall.open(row(id, 1000 + i));
    await hall.change('c2', joining('anna'));
    await hall.change('c1', () => ({ type: 'end' }));
    const ids = (found: { conference: { id: string } }[]) => found.map(({ conference }) => conference.id);
    assert.deepEqual(ids(await store.listConferences(db, { limit: 1 })), ['c3', 'c2']);
    assert.deepEqual(ids(await store.listConferences(db, { limit: 5, state: 'ended' })), ['c1']);
    assert.deepEqual(ids(await store.listConferences(db, { limit: 5, appId: 'other' })), []);
    assert.equal(await store.countOpenCalls(db), 2);
    assert.deepEqual(await store.dueConferences(db, 1000 + 90_000), ['c2']);
    await store.forgetEnded(db, 1001);
    assert.deepEqual(ids(await store.listConferences(db, { limit: 5 })), ['c3', 'c2']);
  });
});
