import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OfferRate } from './offer-rate.ts';

const NOW = 1_700_000_000_000;

test('ten seconds of offers may come at once, then as many a second as it says', () => {
  const rate = new OfferRate({ perSecond: 5 });
  const made = (nowMs: number) => Array.from({ length: 200 }).filter(() => rate.take('192.0.2.1', nowMs) === 0).length;
  assert.equal(made(NOW), 50);
  assert.equal(made(NOW + 1000), 5);
  assert.equal(made(NOW + 1100), 0);
  assert.equal(made(NOW + 3000), 10);
  assert.equal(made(NOW + 3_600_000), 50);
});

test('who waits as long as told is let in', () => {
  const rate = new OfferRate({ perSecond: 2 });
  while (rate.take('192.0.2.1', NOW) === 0);
  const waitMs = rate.take('192.0.2.1', NOW);
  assert.equal(waitMs, 500);
  assert.ok(rate.take('192.0.2.1', NOW + waitMs - 1) > 0);
  assert.equal(rate.take('192.0.2.1', NOW + waitMs), 0);
});

test('each address counts for itself, an IPv6 client by its /64, IPv4 in IPv6 as IPv4', () => {
  const rate = new OfferRate({ perSecond: 1 });
  const exhaust = (ip: string) => {
    while (rate.take(ip, NOW) === 0);
  };
  exhaust('192.0.2.1');
  assert.equal(rate.take('192.0.2.2', NOW), 0);
  assert.ok(rate.take('::ffff:192.0.2.1', NOW) > 0);
  exhaust('2001:db8:1:2::1');
  assert.ok(rate.take('2001:db8:1:2:ffff:ffff:ffff:ffff', NOW) > 0);
  assert.equal(rate.take('2001:db8:1:3::1', NOW), 0);
});

test('addresses without number do not fill the memory, and push out those not heard of for longest', () => {
  const rate = new OfferRate({ perSecond: 1 });
  while (rate.take('192.0.2.1', NOW) === 0);
  for (let i = 0; i < 30_000; i++) {
    rate.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, NOW);
    if (i % 1000 === 0) assert.ok(rate.take('192.0.2.1', NOW) > 0);
  }
  assert.equal(rate.size, 20_000);
  assert.ok(rate.take('192.0.2.1', NOW) > 0);
});

test('over any time, never more are let in than the burst and the rate', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), pauses, (perSecond, waits) => {
      const rate = new OfferRate({ perSecond });
      let nowMs = NOW;
      let made = 0;
      for (const wait of waits) {
        nowMs += wait;
        if (rate.take('192.0.2.1', nowMs) === 0) made++;
      }
      assert.ok(made <= perSecond * 10 + ((nowMs - NOW) * perSecond) / 1000);
    }),
  );
});
