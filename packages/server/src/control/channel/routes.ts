import { LiveError } from '@lianmai/contract';
import {
  Channel,
  ChannelList,
  ChannelQuery,
  CreateChannel,
  IdParams,
  SignedUrls,
  SignUrls,
  UpdateChannel,
} from '@lianmai/contract/rest';
import { toPage } from '../../store/page.ts';
import type { Db } from '../../store/store.ts';
import { owningApp } from '../app/owning.ts';
import { newId, newStreamName } from '../auth/secrets.ts';
import type { LiveBoard } from '../live/board.ts';
import type { Overseer } from '../publish/overseer.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { channelOf } from './access.ts';
import * as channels from './store.ts';
import { URLS_LAST_MS } from './urls.ts';
import type { ChannelView } from './view.ts';

export interface ChannelDeps {
  db: Db;
  now: () => number;
  live: LiveBoard;
  overseer: Overseer;
  mixing: ProgramPort;
  view: ChannelView;
}

/** What channels need of mixes and pictures. */
interface ProgramPort {
  channelPrograms: { setFallback(channelId: string, picture: string | null): Promise<void> };
  /** A channel was changed or deleted. */
  review(): void;
}

/** How long a call to disconnect waits to see the publisher gone. */
const GONE_WITHIN_MS = 3000;

/** `/v1/channels`: permanent broadcast addresses. */
export function channelRoutes(api: Api, deps: ChannelDeps): void {
  const { db, now, live, overseer, mixing, view } = deps;
  const expiry = (seconds?: number) => now() + (seconds === undefined ? URLS_LAST_MS : seconds * 1000);
  const show = (row: channels.ChannelWithKeys, seconds?: number) => view.channel(row, expiry(seconds));

  api.post(
    '/v1/channels',
    endpoint(
      'app',
      {
        operationId: 'createChannel',
        tag: 'Channels',
        summary: 'Make a channel',
        description:
          "With the operator's key it belongs to `appId`, or to the default app; with an app's key to that app. Without `stream` an unguessable name is made.",
        errors: [
          'BAD_REQUEST',
          'NOT_FOUND',
          'CONFLICT',
          'CHANNEL_QUOTA_EXCEEDED',
          'ACCOUNT_SUSPENDED',
          'LIVE_NOT_ENABLED',
          'ACCOUNT_IN_ARREARS',
        ],
      },
      { body: CreateChannel, response: { 201: Channel } },
    ),
    async ({ body, principal }, reply) => {
      const app = await owningApp(db, body.appId, principal);
      const row = {
        id: newId('ch'),
        appId: app.id,
        accountId: app.accountId,
        name: body.name,
        stream: body.stream ?? newStreamName(),
        pushAuth: body.pushAuth ?? 'signed',
        playAuth: body.playAuth ?? 'open',
        listed: body.listed === false ? 0 : 1,
        createdAt: now(),
      } as const;
      await channels.insertChannel(db, row);
      const { fallbackPicture = null } = body;
      if (fallbackPicture !== null) await mixing.channelPrograms.setFallback(row.id, fallbackPicture);
      return reply
        .code(201)
        .send(
          show(
            { ...row, ...channels.NO_PROGRAM, fallbackPicture, pushKey: app.pushKey, playKey: app.playKey },
            body.expiresInSeconds,
          ),
        );
    },
  );

  api.get(
    '/v1/channels',
    endpoint(
      'app',
      {
        operationId: 'listChannels',
        tag: 'Channels',
        summary: 'List channels, newest first',
        description: "With an app's key: only its own.",
        errors: ['BAD_REQUEST'],
      },
      { querystring: ChannelQuery, response: { 200: ChannelList } },
    ),
    async ({ query, principal }) => {
      const limit = query.limit ?? 50;
      const own = principal?.kind === 'app' ? { appId: principal.appId } : {};
      const rows = await channels.listChannels(db, { ...query, ...own, limit });
      return toPage(
        rows,
        limit,
        (row) => ({ at: row.createdAt, id: row.id }),
        (row) => show(row),
      );
    },
  );

  api.get(
    '/v1/channels/:id',
    endpoint(
      'app',
      {
        operationId: 'getChannel',
        tag: 'Channels',
        summary: 'A channel, its addresses and what it is doing',
        description: 'Signed URLs are made anew at each call.',
        errors: ['CHANNEL_NOT_FOUND'],
      },
      { params: IdParams, response: { 200: Channel } },
    ),
    async ({ params, principal }) => show(await channelOf(db, params.id, principal)),
  );

  api.patch(
    '/v1/channels/:id',
    endpoint(
      'app',
      {
        operationId: 'updateChannel',
        tag: 'Channels',
        summary: 'Change a channel',
        description:
          'A change of `playAuth` holds for players that join from now on; of `pushAuth`, for publishers that begin from now on. The stream name is permanent.',
        errors: ['BAD_REQUEST', 'CHANNEL_NOT_FOUND'],
      },
      { params: IdParams, body: UpdateChannel, response: { 200: Channel } },
    ),
    async ({ params, body: { listed, fallbackPicture, ...change }, principal }) => {
      const { id } = await channelOf(db, params.id, principal);
      await channels.updateChannel(db, id, { ...change, ...(listed === undefined ? {} : { listed: listed ? 1 : 0 }) });
      if (fallbackPicture !== undefined) await mixing.channelPrograms.setFallback(id, fallbackPicture);
      await overseer.review((entry) => entry.channelId === id);
      mixing.review();
      return show(await channelOf(db, id, principal));
    },
  );

  api.delete(
    '/v1/channels/:id',
    endpoint(
      'app',
      {
        operationId: 'deleteChannel',
        tag: 'Channels',
        summary: 'Delete a channel',
        description: 'Its publisher is disconnected. The stream name is free again.',
        errors: ['CHANNEL_NOT_FOUND'],
      },
      { params: IdParams, response: { 204: NOTHING } },
    ),
    async ({ params, principal }, reply) => {
      const { id } = await channelOf(db, params.id, principal);
      await channels.deleteChannel(db, id);
      await overseer.review((entry) => entry.channelId === id);
      mixing.review();
      return reply.code(204).send(null);
    },
  );

  api.post(
    '/v1/channels/:id/disconnect',
    endpoint(
      'app',
      {
        operationId: 'disconnectChannel',
        tag: 'Channels',
        summary: 'End the publisher',
        description:
          'Answers when it is gone. It may push again: to keep it out, rotate the push keys or delete the channel.',
        errors: ['CHANNEL_NOT_FOUND', 'STREAM_NOT_LIVE'],
      },
      { params: IdParams, response: { 200: Channel } },
    ),
    async ({ params, principal }) => {
      const channel = await channelOf(db, params.id, principal);
      const entry = view.entryOf(channel);
      if (!entry) throw new LiveError('STREAM_NOT_LIVE', `channel "${channel.id}" has no publisher just now`);
      const over = live.whenOver(entry, GONE_WITHIN_MS);
      overseer.disconnect(entry, 'disconnected');
      await over;
      return show(channel);
    },
  );

  api.post(
    '/v1/channels/:id/urls',
    endpoint(
      'app',
      {
        operationId: 'signChannelUrls',
        tag: 'Channels',
        summary: 'Fresh push and play URLs',
        description: 'Signed where the channel asks for a signature, good for `expiresInSeconds`.',
        errors: ['BAD_REQUEST', 'CHANNEL_NOT_FOUND'],
      },
      { params: IdParams, body: SignUrls, response: { 200: SignedUrls } },
    ),
    async ({ params, body, principal }) =>
      view.urls(await channelOf(db, params.id, principal), expiry(body.expiresInSeconds)),
  );
}
