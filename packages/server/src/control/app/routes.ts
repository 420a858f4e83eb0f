import { LiveError } from '@lianmai/contract';
import { App, AppList, AppQuery, CreateApp, IdParams, UpdateApp } from '@lianmai/contract/rest';
import { toPage } from '../../store/page.ts';
import type { AppRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { accountMissing } from '../account/rules.ts';
import { mayUseApp, type Principal } from '../auth/principal.ts';
import { newId, newSecretKey, newSigningKey } from '../auth/secrets.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { rfc3339 } from '../rest/time.ts';
import { appMissing, newApp } from './rules.ts';
import * as apps from './store.ts';

export interface AppDeps {
  db: Db;
  now: () => number;
  /** Told after an app's play keys changed: live streams must learn the new ones. */
  onPlayKeysChanged(appId: string): void;
}

/** `/v1/apps`: what channels and users belong to, with the keys that sign their URLs and UserSigs. */
export function appRoutes(api: Api, { db, now, onPlayKeysChanged }: AppDeps): void {
  const find = async (id: string, principal: Principal | null): Promise<AppRow> => {
    const app = principal && mayUseApp(principal, id) ? await apps.findApp(db, id) : undefined;
    if (!app) throw appMissing(id);
    return app;
  };

  api.post(
    '/v1/apps',
    endpoint(
      'operator',
      {
        operationId: 'createApp',
        tag: 'Apps',
        summary: 'Make an app of an account',
        errors: ['BAD_REQUEST', 'ACCOUNT_NOT_FOUND'],
      },
      { body: CreateApp, response: { 201: App } },
    ),
    async ({ body: { accountId, name } }, reply) => {
      const row = await apps.insertApp(db, newApp(newId('app'), accountId, name, now()));
      if (!row) throw accountMissing(accountId, 'accountId');
      return reply.code(201).send(toApp(row));
    },
  );

  api.get(
    '/v1/apps',
    endpoint(
      'app',
      {
        operationId: 'listApps',
        tag: 'Apps',
        summary: 'List apps, newest first',
        description: "With an app's key: only that app.",
        errors: ['BAD_REQUEST'],
      },
      { querystring: AppQuery, response: { 200: AppList } },
    ),
    async ({ query, principal }) => {
      const limit = query.limit ?? 50;
      const own = principal?.kind === 'app' ? { id: principal.appId } : {};
      const rows = await apps.listApps(db, { ...query, ...own, limit });
      return toPage(rows, limit, (row) => ({ at: row.createdAt, id: row.id }), toApp);
    },
  );

  api.get(
    '/v1/apps/:id',
    endpoint(
      'app',
      { operationId: 'getApp', tag: 'Apps', summary: 'An app and its signing keys', errors: ['NOT_FOUND'] },
      { params: IdParams, response: { 200: App } },
    ),
    async ({ params, principal }) => toApp(await find(params.id, principal)),
  );

  api.patch(
    '/v1/apps/:id',
    endpoint(
      'operator',
      { operationId: 'updateApp', tag: 'Apps', summary: 'Change an app', errors: ['BAD_REQUEST', 'NOT_FOUND'] },
      { params: IdParams, body: UpdateApp, response: { 200: App } },
    ),
    async ({ params, body, principal }) => {
      await apps.updateApp(db, params.id, body);
      return toApp(await find(params.id, principal));
    },
  );

  api.delete(
    '/v1/apps/:id',
    endpoint(
      'operator',
      {
        operationId: 'deleteApp',
        tag: 'Apps',
        summary: 'Delete an app that has no channels and no open rooms, with its API keys and users',
        errors: ['NOT_FOUND', 'CONFLICT'],
      },
      { params: IdParams, response: { 204: NOTHING } },
    ),
    async ({ params: { id } }, reply) => {
      const outcome = await apps.deleteApp(db, id);
      if (outcome === 'missing') throw appMissing(id);
      if (outcome === 'in-use')
        throw new LiveError(
          'CONFLICT',
          `app "${id}" has channels, conferences or open rooms: end and delete them first`,
        );
      return reply.code(204).send(null);
    },
  );

  for (const which of ['push', 'play', 'secret'] as const)
    api.post(
      `/v1/apps/:id/${which}-keys/rotate`,
      endpoint(
        'operator',
        {
          operationId: ROTATIONS[which],
          tag: 'Apps',
          summary: `Rotate the ${which} keys`,
          description: `The main key becomes the backup, a new one the main: ${which === 'secret' ? 'UserSigs made' : 'URLs signed'} before stay good until the next rotation.`,
          errors: ['NOT_FOUND'],
        },
        { params: IdParams, response: { 200: App } },
      ),
      async ({ params: { id } }) => {
        const row = await apps.rotateKeys(db, id, which, which === 'secret' ? newSecretKey() : newSigningKey());
        if (!row) throw appMissing(id);
        if (which === 'play') onPlayKeysChanged(id);
        return toApp(row);
      },
    );
}

const ROTATIONS = { push: 'rotatePushKeys', play: 'rotatePlayKeys', secret: 'rotateSecretKeys' } as const;

function toApp(row: AppRow): App {
  return {
    id: row.id,
    accountId: row.accountId,
    name: row.name,
    pushKeys: { main: row.pushKey, backup: row.pushKeyBackup },
    playKeys: { main: row.playKey, backup: row.playKeyBackup },
    sdkAppId: row.sdkAppId,
    secretKeys: { main: row.secretKey, backup: row.secretKeyBackup },
    roomQuota: row.roomQuota,
    createdAt: rfc3339(row.createdAt),
  };
}
