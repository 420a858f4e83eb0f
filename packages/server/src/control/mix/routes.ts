import { CreateMix, IdParams, Mix, MixList, MixQuery, UpdateMix } from '@lianmai/contract/rest';
import { Type } from 'typebox';
import { toPage } from '../../store/page.ts';
import type { Db } from '../../store/store.ts';
import { mayUseApp, type Principal } from '../auth/principal.ts';
import { URLS_LAST_MS } from '../channel/urls.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import type { MixDesk, MixState } from './desk.ts';
import { findMix, listMixes, type MixWithOwner, mixMissing } from './store.ts';
import type { MixView } from './view.ts';

export interface MixDeps {
  db: Db;
  now: () => number;
  desk: MixDesk;
  view: MixView;
  /** The mix is over: pictures of its channels may be due. */
  onRemoved(): void;
}

const ORDERING = [
  'BAD_REQUEST',
  'FORBIDDEN',
  'CHANNEL_NOT_FOUND',
  'CONFLICT',
  'MIXER_FULL',
  'ACCOUNT_SUSPENDED',
  'LIVE_NOT_ENABLED',
  'ACCOUNT_IN_ARREARS',
] as const;

/** `/v1/mixes`: several streams as one. */
export function mixRoutes(api: Api, deps: MixDeps): void {
  ordering(api, deps);
  looking(api, deps);
}

function ordering(api: Api, { db, now, desk, view, onRemoved }: MixDeps): void {
  const show = (state: MixState) => view.mix(state, now() + URLS_LAST_MS);

  api.post(
    '/v1/mixes',
    endpoint(
      'app',
      {
        operationId: 'createMix',
        tag: 'Mixes',
        summary: 'Make a mix',
        description:
          "Inputs are streams, pictures or colours; streams may come later. The layout is a template's name or a list of tiles. The output is a stream of its own, and the program of the channels that `output` names: their viewers see the mix as soon as it is there, without connecting again.",
        errors: [...ORDERING, 'NOT_FOUND', 'MIX_QUOTA_EXCEEDED'],
      },
      { body: CreateMix, response: { 201: Mix } },
    ),
    async ({ body, principal }, reply) => reply.code(201).send(show(await desk.create(known(principal), body))),
  );

  api.patch(
    '/v1/mixes/:id',
    endpoint(
      'app',
      {
        operationId: 'updateMix',
        tag: 'Mixes',
        summary: 'Change a mix while it runs',
        description:
          'What is left out stays. `inputs` is the whole list anew, or what to add, remove, set and swap. Naming channels in `output` makes them all the channels that show it; `"channels": []` none.',
        errors: [...ORDERING, 'MIX_NOT_FOUND'],
      },
      { params: IdParams, body: UpdateMix, response: { 200: Mix } },
    ),
    async ({ params: { id }, body, principal }) => {
      await ownMix(db, id, principal);
      return show(await desk.change(known(principal), id, body));
    },
  );

  api.delete(
    '/v1/mixes/:id',
    endpoint(
      'app',
      {
        operationId: 'deleteMix',
        tag: 'Mixes',
        summary: 'End a mix',
        description: 'Channels that show it go back to their own streams.',
        errors: ['MIX_NOT_FOUND'],
      },
      { params: IdParams, response: { 204: NOTHING } },
    ),
    async ({ params: { id }, principal }, reply) => {
      await ownMix(db, id, principal);
      await desk.remove(id);
      onRemoved();
      return reply.code(204).send(null);
    },
  );
}

function looking(api: Api, { db, now, desk, view }: MixDeps): void {
  const show = (state: MixState) => view.mix(state, now() + URLS_LAST_MS);

  api.get(
    '/v1/mixes',
    endpoint(
      'app',
      {
        operationId: 'listMixes',
        tag: 'Mixes',
        summary: 'List mixes, newest first',
        description: "With an app's key: only its own.",
        errors: ['BAD_REQUEST'],
      },
      { querystring: MixQuery, response: { 200: MixList } },
    ),
    async ({ query, principal }) => {
      const limit = query.limit ?? 50;
      const own = principal?.kind === 'app' ? { appId: principal.appId } : {};
      const states = await desk.look(await listMixes(db, { ...query, ...own, limit }));
      return toPage(states, limit, ({ row }) => ({ at: row.createdAt, id: row.id }), show);
    },
  );

  api.get(
    '/v1/mixes/:id',
    endpoint(
      'app',
      {
        operationId: 'getMix',
        tag: 'Mixes',
        summary: 'A mix as it was understood, and how it goes',
        errors: ['MIX_NOT_FOUND'],
      },
      { params: IdParams, response: { 200: Mix } },
    ),
    async ({ params: { id }, principal }) => {
      const [state] = await desk.look([await ownMix(db, id, principal)]);
      if (!state) throw mixMissing(id);
      return show(state);
    },
  );

  api.get(
    '/v1/mixes/:id/preview.jpg',
    endpoint(
      'app',
      {
        operationId: 'getMixPreview',
        tag: 'Mixes',
        summary: 'A picture of the canvas, now',
        errors: ['MIX_NOT_FOUND', 'STREAM_NOT_LIVE'],
      },
      {
        params: IdParams,
        response: {
          200: {
            description: 'A JPEG',
            content: { 'image/jpeg': { schema: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }) } },
          },
        },
      },
    ),
    async ({ params: { id }, principal }, reply) => {
      await ownMix(db, id, principal);
      return reply.type('image/jpeg').send((await desk.preview(id)) as never);
    },
  );
}

/** A mix by its id, as far as the caller may know of it. @throws LiveError MIX_NOT_FOUND */
async function ownMix(db: Db, id: string, principal: Principal | null): Promise<MixWithOwner> {
  const mix = await findMix(db, { id });
  if (!mix || mix.kind === 'picture' || !principal || !mayUseApp(principal, mix.appId)) throw mixMissing(id);
  return mix;
}

/** On routes that are not public somebody always calls. */
function known(principal: Principal | null): Principal {
  if (!principal) throw new Error('a route for callers with a key has let one without pass');
  return principal;
}
