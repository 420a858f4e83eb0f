import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { inArrears, whyRefused } from './rules.ts';

const account = { id: 'acc_1', status: 'active', trafficPackageBytes: null, trafficUsedBytes: 0 } as const;

describe('an account', () => {
  it('may go live while active and within its package', () => {
    const cases = [
      [{}, null],
      [{ trafficUsedBytes: 1e15 }, null],
      [{ trafficPackageBytes: 100, trafficUsedBytes: 99 }, null],
      [{ trafficPackageBytes: 100, trafficUsedBytes: 100 }, 'ACCOUNT_IN_ARREARS'],
      [{ trafficPackageBytes: 0 }, 'ACCOUNT_IN_ARREARS'],
      [{ status: 'suspended' }, 'ACCOUNT_SUSPENDED'],
      [{ status: 'disabled' }, 'LIVE_NOT_ENABLED'],
      [{ status: 'suspended', trafficPackageBytes: 0 }, 'ACCOUNT_SUSPENDED'],
    ] as const;
    for (const [change, expected] of cases) assert.equal(whyRefused({ ...account, ...change })?.name ?? null, expected);
  });

  it('tells the classic codes', () => {
    assert.equal(whyRefused({ ...account, status: 'disabled' })?.code, 20318);
    assert.equal(whyRefused({ ...account, trafficPackageBytes: 0 })?.code, 20406);
  });

  it('is in arrears from the byte that fills the package on', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (trafficPackageBytes, trafficUsedBytes) => {
        const owing = inArrears({ ...account, trafficPackageBytes, trafficUsedBytes });
        assert.equal(owing, trafficUsedBytes >= trafficPackageBytes);
      }),
    );
  });
});
