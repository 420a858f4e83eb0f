import { LiveError } from '@lianmai/contract';
import {
  type ApiKey,
  ApiKeyList,
  ApiKeyParams,
  CreateApiKey,
  CreatedApiKey,
  IdParams,
  PageQuery,
} from '@lianmai/contract/rest';
import { toPage } from '../../store/page.ts';
import type { ApiKeyRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { hashApiKey, newApiKey, newId } from '../auth/secrets.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { rfc3339 } from '../rest/time.ts';
import { appMissing } from './rules.ts';
import * as apps from './store.ts';

const HINT_LENGTH = 4;

/** `/v1/apps/{id}/api-keys`: keys of the REST API for one app's channels; only their hashes are kept. */
export function apiKeyRoutes(api: Api, { db, now }: { db: Db; now: () => number }): void {
  api.post(
    '/v1/apps/:id/api-keys',
    endpoint(
      'operator',
      {
        operationId: 'createApiKey',
        tag: 'Apps',
        summary: 'Make an API key for an app',
        description: 'The answer is the only time the key is shown.',
        errors: ['BAD_REQUEST', 'NOT_FOUND'],
      },
      { params: IdParams, body: CreateApiKey, response: { 201: CreatedApiKey } },
    ),
    async ({ params, body }, reply) => {
      const key = newApiKey('app');
      const row = {
        id: newId('key'),
        appId: params.id,
        name: body.name,
        hash: hashApiKey(key),
        hint: key.slice(-HINT_LENGTH),
        createdAt: now(),
      };
      if (!(await apps.insertApiKey(db, row))) throw appMissing(params.id);
      return reply.code(201).send({ ...toApiKey(row), key });
    },
  );

  api.get(
    '/v1/apps/:id/api-keys',
    endpoint(
      'operator',
      {
        operationId: 'listApiKeys',
        tag: 'Apps',
        summary: "List an app's API keys, newest first",
        errors: ['BAD_REQUEST', 'NOT_FOUND'],
      },
      { params: IdParams, querystring: PageQuery, response: { 200: ApiKeyList } },
    ),
    async ({ params, query }) => {
      if (!(await apps.findApp(db, params.id))) throw appMissing(params.id);
      const limit = query.limit ?? 50;
      const rows = await apps.listApiKeys(db, params.id, { ...query, limit });
      return toPage(rows, limit, (row) => ({ at: row.createdAt, id: row.id }), toApiKey);
    },
  );

  api.delete(
    '/v1/apps/:id/api-keys/:keyId',
    endpoint(
      'operator',
      { operationId: 'deleteApiKey', tag: 'Apps', summary: 'Withdraw an API key', errors: ['NOT_FOUND'] },
      { params: ApiKeyParams, response: { 204: NOTHING } },
    ),
    async ({ params: { id, keyId } }, reply) => {
      if (!(await apps.deleteApiKey(db, id, keyId)))
        throw new LiveError('NOT_FOUND', `app "${id}" has no API key "${keyId}"`);
      return reply.code(204).send(null);
    },
  );
}

const toApiKey = ({ id, name, hint, createdAt }: ApiKeyRow): ApiKey => ({
  id,
  name,
  hint,
  createdAt: rfc3339(createdAt),
});
