import { LiveError } from '@lianmai/contract';
import { Account, AccountList, CreateAccount, IdParams, PageQuery, UpdateAccount } from '@lianmai/contract/rest';
import { toPage } from '../../store/page.ts';
import type { Db } from '../../store/store.ts';
import { newId } from '../auth/secrets.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { rfc3339 } from '../rest/time.ts';
import { accountMissing, inArrears } from './rules.ts';
import * as accounts from './store.ts';

const DEFAULT_CHANNEL_QUOTA = 100;

export interface AccountDeps {
  db: Db;
  now: () => number;
  /** Told after an account changed: what it runs may have to stop. */
  onChanged(accountId: string): void;
}

/** `/v1/accounts`: tenants, by the operator only. */
export function accountRoutes(api: Api, { db, now, onChanged }: AccountDeps): void {
  const found = async (id: string) => {
    const row = await accounts.findAccount(db, id);
    if (!row) throw accountMissing(id);
    return toAccount(row);
  };

  api.post(
    '/v1/accounts',
    endpoint(
      'operator',
      { operationId: 'createAccount', tag: 'Accounts', summary: 'Make an account', errors: ['BAD_REQUEST'] },
      { body: CreateAccount, response: { 201: Account } },
    ),
    async ({ body }, reply) => {
      const row = {
        id: newId('acc'),
        name: body.name,
        status: body.status ?? 'active',
        channelQuota: body.channelQuota ?? DEFAULT_CHANNEL_QUOTA,
        trafficPackageBytes: body.trafficPackageBytes ?? null,
        trafficUsedBytes: 0,
        createdAt: now(),
      };
      await accounts.insertAccount(db, row);
      return reply.code(201).send(toAccount({ ...row, channels: 0 }));
    },
  );

  api.get(
    '/v1/accounts',
    endpoint(
      'operator',
      { operationId: 'listAccounts', tag: 'Accounts', summary: 'List accounts, newest first', errors: ['BAD_REQUEST'] },
      { querystring: PageQuery, response: { 200: AccountList } },
    ),
    async ({ query }) => {
      const limit = query.limit ?? 50;
      const rows = await accounts.listAccounts(db, { ...query, limit });
      return toPage(rows, limit, (row) => ({ at: row.createdAt, id: row.id }), toAccount);
    },
  );

  api.get(
    '/v1/accounts/:id',
    endpoint(
      'operator',
      { operationId: 'getAccount', tag: 'Accounts', summary: 'An account', errors: ['ACCOUNT_NOT_FOUND'] },
      { params: IdParams, response: { 200: Account } },
    ),
    async ({ params }) => found(params.id),
  );

  api.patch(
    '/v1/accounts/:id',
    endpoint(
      'operator',
      {
        operationId: 'updateAccount',
        tag: 'Accounts',
        summary: 'Change an account',
        description:
          'Suspending it, disabling it, or a package that is used up disconnects its publishers and refuses new ones.',
        errors: ['BAD_REQUEST', 'ACCOUNT_NOT_FOUND'],
      },
      { params: IdParams, body: UpdateAccount, response: { 200: Account } },
    ),
    async ({ params, body }) => {
      if (!(await accounts.updateAccount(db, params.id, body))) throw accountMissing(params.id);
      onChanged(params.id);
      return found(params.id);
    },
  );

  api.delete(
    '/v1/accounts/:id',
    endpoint(
      'operator',
      {
        operationId: 'deleteAccount',
        tag: 'Accounts',
        summary: 'Delete an account that has no apps',
        errors: ['ACCOUNT_NOT_FOUND', 'CONFLICT'],
      },
      { params: IdParams, response: { 204: NOTHING } },
    ),
    async ({ params: { id } }, reply) => {
      const outcome = await accounts.deleteAccount(db, id);
      if (outcome === 'missing') throw accountMissing(id);
      if (outcome === 'in-use') throw new LiveError('CONFLICT', `account "${id}" has apps: delete them first`);
      return reply.code(204).send(null);
    },
  );
}

function toAccount(row: accounts.AccountWithChannels): Account {
  return { ...row, inArrears: inArrears(row), createdAt: rfc3339(row.createdAt) };
}
