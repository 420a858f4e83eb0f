import { IdParams, Traffic, TrafficQuery } from '@lianmai/contract/rest';
import type { Db } from '../../store/store.ts';
import { accountMissing } from '../account/rules.ts';
import { findAccount } from '../account/store.ts';
import type { Principal } from '../auth/principal.ts';
import { type Api, endpoint } from '../rest/api.ts';
import { rangeOf } from './rules.ts';
import { trafficOf } from './store.ts';

export interface TrafficDeps {
  db: Db;
  now: () => number;
  /** @throws LiveError CHANNEL_NOT_FOUND, also when it is not the caller's. */
  channelOf(id: string, principal: Principal | null): Promise<{ id: string }>;
}

/** What accounts and channels took in and sent out, by day. */
export function trafficRoutes(api: Api, { db, now, channelOf }: TrafficDeps): void {
  const report = async (
    of: { accountId: string } | { channelId: string },
    query: { from?: string; to?: string },
  ): Promise<Traffic> => {
    const range = rangeOf(query, now());
    const items = await trafficOf(db, of, range);
    const total = (direction: 'in' | 'out') =>
      items.filter((item) => item.direction === direction).reduce((sum, { bytes }) => sum + bytes, 0);
    return { ...range, inBytes: total('in'), outBytes: total('out'), items };
  };

  api.get(
    '/v1/accounts/:id/traffic',
    endpoint(
      'operator',
      {
        operationId: 'getAccountTraffic',
        tag: 'Accounts',
        summary: "An account's traffic by day",
        description: 'Of the last 30 days unless asked otherwise, at most 92.',
        errors: ['BAD_REQUEST', 'ACCOUNT_NOT_FOUND'],
      },
      { params: IdParams, querystring: TrafficQuery, response: { 200: Traffic } },
    ),
    async ({ params: { id }, query }) => {
      if (!(await findAccount(db, id))) throw accountMissing(id);
      return report({ accountId: id }, query);
    },
  );

  api.get(
    '/v1/channels/:id/traffic',
    endpoint(
      'app',
      {
        operationId: 'getChannelTraffic',
        tag: 'Channels',
        summary: "A channel's traffic by day",
        description: 'Of the last 30 days unless asked otherwise, at most 92.',
        errors: ['BAD_REQUEST', 'CHANNEL_NOT_FOUND'],
      },
      { params: IdParams, querystring: TrafficQuery, response: { 200: Traffic } },
    ),
    async ({ params, query, principal }) => {
      const { id } = await channelOf(params.id, principal);
      return report({ channelId: id }, query);
    },
  );
}
