import { LiveError } from '@lianmai/contract';
import type { AccountRow } from '../../store/schema.ts';

type Standing = Pick<AccountRow, 'id' | 'status' | 'trafficPackageBytes' | 'trafficUsedBytes'>;

/** The traffic package is used up. Without a package nothing is owed. */
export const inArrears = ({ trafficPackageBytes, trafficUsedBytes }: Standing): boolean =>
  trafficPackageBytes !== null && trafficUsedBytes >= trafficPackageBytes;

/** Why the account may not go live or make channels just now; null when it may. */
export function whyRefused(account: Standing): LiveError | null {
  const named = `account "${account.id}"`;
  switch (account.status) {
    case 'suspended':
      return new LiveError('ACCOUNT_SUSPENDED', `${named} is suspended: ask the operator`);
    case 'disabled':
      return new LiveError('LIVE_NOT_ENABLED', `live service is not enabled for ${named}: ask the operator`);
    case 'active':
      return inArrears(account)
        ? new LiveError('ACCOUNT_IN_ARREARS', `the traffic package of ${named} is used up: add to it to go on`)
        : null;
  }
}

export const accountMissing = (id: string, field?: string): LiveError =>
  new LiveError('ACCOUNT_NOT_FOUND', `there is no account "${id}"`, field);
