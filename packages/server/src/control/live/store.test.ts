import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import type { FigureSampleRow, SessionRow } from '../../store/schema.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { SessionJournal } from './journal.ts';
import type { LiveEntry } from './state.ts';
import * as live from './store.ts';

const session = (n: number, change: Partial<SessionRow> = {}): SessionRow => ({
  id: `ses_${n}`,
  channelId: 'ch_1',
  accountId: 'acc_1',
  stream: 'show',
  worker: 'w1',
  protocol: 'rtmp',
  startedAt: 1000 * n,
  lastSeenAt: 1000 * n,
  endedAt: null,
  endReason: null,
  peakViewers: 0,
  videoCodec: null,
  width: null,
  height: null,
  audioCodec: null,
  ...change,
});
const sample = (at: number, change: Partial<FigureSampleRow> = {}): FigureSampleRow => ({
  channelId: 'ch_1',
  at,
  viewers: 3,
  viewersByProtocol: '{"flv":3}',
  videoKbps: 800,
  audioKbps: 128,
  fps: 29.97,
  gopMs: 2000,
  outKbps: 2784,
  framesDropped: 1,
  ...change,
});
const entry: LiveEntry = live.toEntry(session(1));
const log = pino({ level: 'silent' });

describeStores('live store', (open) => {
  it('writes a session, then what changes of it', async () => {
    const { db } = await open();
    await live.upsertSessions(db, [session(1), session(2)]);
    const done = session(1, { endedAt: 5000, endReason: 'vanished', peakViewers: 9, videoCodec: 'h264', width: 1280 });
    await live.upsertSessions(db, [done]);
    assert.deepEqual(
      (await live.openSessions(db)).map(({ id }) => id),
      ['ses_2'],
    );
    const [second, first] = await live.listSessions(db, 'ch_1', { limit: 5 });
    assert.deepEqual([{ ...first }, second?.id], [done, 'ses_2']);
    assert.equal(await live.lastEndOf(db, 'ch_1'), 5000);
    assert.equal(await live.lastEndOf(db, 'ch_2'), undefined);
  });

  it('keeps one sample for a channel and a time, of more channels than fit one statement', async () => {
    const { db } = await open();
    const many = Array.from({ length: 1201 }, (_, n) => sample(10_000, { channelId: `ch_${n}` }));
    await live.insertSamples(db, many);
    await live.insertSamples(db, [sample(10_000, { viewers: 99 }), sample(20_000)]);
    const kept = await live.samplesSince(db, 'ch_1', 0);
    assert.deepEqual(
      kept.map((row) => ({ ...row })),
      [sample(10_000), sample(20_000)],
    );
    assert.equal((await live.samplesSince(db, 'ch_1', 15_000)).length, 1);
    assert.equal((await live.samplesSince(db, 'ch_1200', 0)).length, 1);
  });

  it('forgets what is too old, but no session that is on', async () => {
    const { db } = await open();
    await live.insertSamples(db, [sample(10_000), sample(20_000)]);
    await live.upsertSessions(db, [session(1, { endedAt: 10_000 }), session(2, { endedAt: 30_000 }), session(3)]);
    await live.prune(db, 20_000, 20_000);
    assert.deepEqual(
      (await live.samplesSince(db, 'ch_1', 0)).map(({ at }) => at),
      [20_000],
    );
    assert.deepEqual(
      (await live.listSessions(db, 'ch_1', { limit: 9 })).map(({ id }) => id),
      ['ses_3', 'ses_2'],
    );
    await live.forgetChannel(db, 'ch_1');
    assert.deepEqual(await live.listSessions(db, 'ch_1', { limit: 9 }), []);
  });

  it('has sessions in its journal until the database takes them', async () => {
    const { db } = await open();
    const journal = new SessionJournal(db, log, () => 2000);
    await db.schema.alterTable('publish_session').renameTo('away').execute();
    journal.note({ type: 'began', entry });
    await journal.flush();
    await db.schema.alterTable('away').renameTo('publish_session').execute();
    assert.deepEqual(await live.openSessions(db), []);
    const { video, audio } = {
      video: { codec: 'h264', width: 640, height: 360, fps: 25, bitrateKbps: 1, gopMs: 1 },
      audio: null,
    } as const;
    journal.seen(entry, { video, audio, viewers: 5, viewersByProtocol: {} });
    journal.seen(entry, { video: null, audio, viewers: 2, viewersByProtocol: {} });
    await journal.flush();
    const [row] = await live.openSessions(db);
    assert.deepEqual(
      { ...row },
      session(1, { lastSeenAt: 2000, peakViewers: 5, videoCodec: 'h264', width: 640, height: 360 }),
    );
    journal.note({ type: 'ended', entry, reason: 'unpublished', atMs: 1500 });
    await journal.flush();
    assert.equal((await live.listSessions(db, 'ch_1', { limit: 1 }))[0]?.endedAt, 1500);
  });
});
