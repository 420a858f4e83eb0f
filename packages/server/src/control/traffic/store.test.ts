import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { UsageReport } from '@lianmai/contract';
import type { Db } from '../../store/store.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { findAccount } from '../account/store.ts';
import { DEFAULT_ID, ensureDefaults } from '../first-start.ts';
import { countUsage, forgetOldReports, trafficOf } from './store.ts';

const NOON = Date.parse('2026-03-31T12:00:00Z');
const ALWAYS = { from: '2000-01-01', to: '2100-01-01' };
type Item = UsageReport['items'][number];
const item = (change: Partial<Item> = {}): Item => ({
  accountId: DEFAULT_ID,
  channelId: 'ch_1',
  protocol: 'flv',
  direction: 'out',
  bytes: 100,
  ...change,
});
const report = (seq: number, items: Item[] = [item()], change: Partial<UsageReport> = {}): UsageReport => ({
  worker: 'w1',
  incarnation: 'i1',
  seq,
  fromMs: NOON - 1000,
  toMs: NOON,
  items,
  ...change,
});

describeStores('traffic store', (open) => {
  const fresh = async (): Promise<Db> => {
    const { db } = await open();
    await ensureDefaults(db, 1);
    return db;
  };
  const used = async (db: Db) => (await findAccount(db, DEFAULT_ID))?.trafficUsedBytes;

  it('counts a report once, however often and in whatever order it comes', async () => {
    const db = await fresh();
    const counted = await Promise.all([3, 1, 2, 3, 2, 1, 1].map((seq) => countUsage(db, report(seq), NOON)));
    assert.equal(counted.filter(Boolean).length, 3);
    assert.equal(await used(db), 300);
    assert.ok(await countUsage(db, report(1, [item()], { incarnation: 'i2' }), NOON));
    assert.equal(await used(db), 400);
  });

  it('adds up by day, protocol and direction, and charges only what went out', async () => {
    const db = await fresh();
    const items = [item(), item({ channelId: 'ch_2' }), item({ protocol: 'rtmp', direction: 'in', bytes: 7 }), item()];
    await countUsage(db, report(1, items), NOON);
    await countUsage(db, report(2, [item()], { toMs: NOON + 86_400_000 }), NOON);
    assert.deepEqual(
      (await trafficOf(db, { accountId: DEFAULT_ID }, ALWAYS)).map((row) => ({ ...row })),
      [
        { day: '2026-03-31', protocol: 'rtmp', direction: 'in', bytes: 7 },
        { day: '2026-03-31', protocol: 'flv', direction: 'out', bytes: 300 },
        { day: '2026-04-01', protocol: 'flv', direction: 'out', bytes: 100 },
      ],
    );
    const ofChannel = await trafficOf(db, { channelId: 'ch_2' }, { from: '2026-03-31', to: '2026-03-31' });
    assert.deepEqual(
      ofChannel.map(({ bytes }) => bytes),
      [100],
    );
    assert.equal(await used(db), 400);
  });

  it('counts what many workers report at once, without a deadlock', async () => {
    const db = await fresh();
    const all = [item(), item({ channelId: 'ch_2' }), item({ channelId: 'ch_3' })];
    const reports = Array.from({ length: 24 }, (_, n) =>
      countUsage(db, report(n, n % 2 ? all : [...all].reverse(), { incarnation: `i${n % 4}` }), NOON),
    );
    await Promise.all(reports);
    assert.equal(await used(db), 24 * 300);
  });

  it('holds large totals exactly, and takes an empty report and one of an account that is gone', async () => {
    const db = await fresh();
    const much = 4_000_000_000_000_000;
    await countUsage(db, report(1, [item({ bytes: much })]), NOON);
    await countUsage(db, report(2, [item({ bytes: much + 1 })]), NOON);
    assert.equal(await used(db), 2 * much + 1);
    assert.equal((await trafficOf(db, { accountId: DEFAULT_ID }, ALWAYS))[0]?.bytes, 2 * much + 1);
    assert.ok(await countUsage(db, report(3, []), NOON));
    assert.ok(await countUsage(db, report(4, [item({ accountId: 'gone' })]), NOON));
  });

  it('remembers reports for a day', async () => {
    const db = await fresh();
    await countUsage(db, report(1), NOON);
    await forgetOldReports(db, NOON + 86_400_000);
    assert.ok(!(await countUsage(db, report(1), NOON)));
    await forgetOldReports(db, NOON + 86_400_001);
    assert.deepEqual(await db.selectFrom('usageReport').selectAll().execute(), []);
  });
});
