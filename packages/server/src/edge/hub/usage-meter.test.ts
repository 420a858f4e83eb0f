import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageReport } from '@lianmai/contract';
import fc from 'fast-check';
import { UsageMeter } from './usage-meter.ts';

const payer = { accountId: 'acc1', channelId: 'ch1' };

test('what was not acknowledged is sent again as it was; what came meanwhile waits for its own report', async () => {
  const meter = new UsageMeter('w0', 'run1', 0);
  const sent: UsageReport[] = [];
  meter.add(payer, 'flv', 'out', 10);
  meter.add(payer, 'flv', 'out', 5);
  await assert.rejects(
    meter.report(10_000, async (report) => {
      sent.push(report);
      throw new Error('no answer');
    }),
  );
  meter.add(payer, 'flv', 'out', 7);
  const acknowledge = async (report: UsageReport) => sent.push(report);
  await meter.report(20_000, acknowledge);
  await meter.report(30_000, acknowledge);
  await meter.report(40_000, acknowledge);
  assert.deepEqual(
    sent.map(({ seq, fromMs, toMs, items }) => [seq, fromMs, toMs, items[0]?.bytes]),
    [
      [1, 0, 10_000, 15],
      [1, 0, 10_000, 15],
      [2, 10_000, 30_000, 7],
    ],
  );
});

test('whichever reports are lost on the way there or back, control counts every byte once', async () => {
  const round = fc.record({
    bytes: fc.integer({ min: 0, max: 1000 }),
    fate: fc.constantFrom('ok', 'lost', 'answer lost'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(round, { maxLength: 30 }), async (rounds) => {
      const meter = new UsageMeter('w0', 'run1', 0);
      let [counted, seen, total] = [0, 0, 0];
      const control = async (report: UsageReport) => {
        if (report.seq <= seen) return;
        seen = report.seq;
        counted += report.items.reduce((sum, { bytes }) => sum + bytes, 0);
      };
      for (const { bytes, fate } of rounds) {
        meter.add(payer, 'rtmp', 'in', bytes);
        total += bytes;
        await meter
          .report(0, async (report) => {
            if (fate !== 'lost') await control(report);
            if (fate !== 'ok') throw new Error(fate);
          })
          .catch(() => {});
      }
      await meter.flush(0, control);
      assert.equal(counted, total);
    }),
  );
});
