import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UsageReport } from '@lianmai/contract';
import fc from 'fast-check';
import { dayOf, rangeOf, sentByAccount, sumByDay } from './rules.ts';

const NOON = Date.parse('2026-03-31T12:00:00Z');
const report = (items: UsageReport['items']): UsageReport => ({
  worker: 'w1',
  incarnation: 'i1',
  seq: 1,
  fromMs: NOON - 1000,
  toMs: NOON,
  items,
});

const item = fc.record({
  accountId: fc.constantFrom('a', 'b', 'c'),
  channelId: fc.constantFrom('x', 'y'),
  protocol: fc.constantFrom('rtmp' as const, 'flv' as const, 'hls' as const),
  direction: fc.constantFrom('in' as const, 'out' as const),
  bytes: fc.nat(),
});
const sum = (of: readonly { bytes: number }[]) => of.reduce((total, { bytes }) => total + bytes, 0);

describe('traffic', () => {
  it('loses no byte and repeats no key when summed', () => {
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const rows = sumByDay(report(items));
        assert.equal(sum(rows), sum(items));
        const keys = rows.map((r) => `${r.day} ${r.channelId} ${r.accountId} ${r.protocol} ${r.direction}`);
        assert.equal(new Set(keys).size, keys.length);
        assert.deepEqual(keys, [...keys].sort());
      }),
    );
  });

  it('charges what went out to viewers, in one order for everybody', () => {
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const charged = sentByAccount(items);
        assert.equal(
          charged.reduce((total, [, bytes]) => total + bytes, 0),
          sum(items.filter(({ direction }) => direction === 'out')),
        );
        const accounts = charged.map(([accountId]) => accountId);
        assert.deepEqual(accounts, [...accounts].sort());
      }),
    );
  });

  it('is of the UTC day on which the report ended', () => {
    assert.equal(dayOf(Date.parse('2026-03-31T23:59:59.999Z')), '2026-03-31');
    assert.equal(dayOf(Date.parse('2026-04-01T00:00:00Z')), '2026-04-01');
  });

  it('is asked for by days, the last thirty by default', () => {
    const cases: [{ from?: string; to?: string }, string | { from: string; to: string }][] = [
      [{}, { from: '2026-03-02', to: '2026-03-31' }],
      [{ from: '2026-03-31' }, { from: '2026-03-31', to: '2026-03-31' }],
      [{ to: '2026-02-01' }, { from: '2026-01-03', to: '2026-02-01' }],
      [
        { from: '2026-01-01', to: '2026-04-02' },
        { from: '2026-01-01', to: '2026-04-02' },
      ],
      [{ from: '2026-01-01', to: '2026-04-03' }, 'from'],
      [{ from: '2026-04-01' }, 'from'],
      [{ from: '2026-02-30' }, 'from'],
      [{ to: '2026-13-01' }, 'to'],
    ];
    for (const [query, expected] of cases)
      if (typeof expected === 'string')
        assert.throws(() => rangeOf(query, NOON), { name: 'BAD_REQUEST', field: expected }, JSON.stringify(query));
      else assert.deepEqual(rangeOf(query, NOON), expected);
  });
});
