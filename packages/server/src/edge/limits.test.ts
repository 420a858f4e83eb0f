import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectionLimits } from './limits.ts';

const limits = (maxConnections: number, maxConnectionsPerIp: number) =>
  new ConnectionLimits({ maxConnections, maxConnectionsPerIp });

describe('connection limits', () => {
  test('refuse a client that has as many connections as one may have, until one is released', () => {
    const two = limits(100, 2);
    assert.deepEqual([two.admit('10.0.0.1'), two.admit('10.0.0.1'), two.admit('10.0.0.1')], [true, true, false]);
    assert.equal(two.admit('10.0.0.2'), true);
    two.release('10.0.0.1');
    assert.equal(two.admit('10.0.0.1'), true);
    assert.equal(two.open, 3);
  });

  test('refuse everybody when the worker is full', () => {
    const full = limits(2, 2);
    assert.deepEqual([full.admit('10.0.0.1'), full.admit('10.0.0.2'), full.admit('10.0.0.3')], [true, true, false]);
    full.release('10.0.0.2');
    assert.equal(full.admit('10.0.0.3'), true);
  });

  test('a release of an address that has none changes nothing', () => {
    const one = limits(1, 1);
    one.release('10.0.0.1');
    assert.equal(one.open, 0);
  });

  test('take an IPv6 /64 for one client, and IPv4 in IPv6 for IPv4', () => {
    const one = limits(100, 1);
    assert.equal(one.admit('2001:db8:1:2::1'), true);
    assert.equal(one.admit('2001:DB8:1:2:ffff::2'), false);
    assert.equal(one.admit('2001:db8:1:3::1'), true);
    assert.equal(one.admit('::1'), true);
    assert.equal(one.admit('10.0.0.1'), true);
    assert.equal(one.admit('::ffff:10.0.0.1'), false);
    one.release('10.0.0.1');
    assert.equal(one.admit('::ffff:10.0.0.1'), true);
  });
});
