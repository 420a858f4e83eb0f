import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { LiveError } from '@lianmai/contract';
import { PageQuery, Picture, PictureList, PictureParams, PictureQuery } from '@lianmai/contract/rest';
import { Type } from 'typebox';
import { MAX_PICTURE_BYTES } from '../../storage/pictures.ts';
import { toPage } from '../../store/page.ts';
import type { PictureRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { Addresses } from '../addresses.ts';
import type { Principal } from '../auth/principal.ts';
import { Allowance } from '../rest/allowance.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { rfc3339 } from '../rest/time.ts';
import type { Gallery, PictureOwner } from './gallery.ts';
import { listPictures } from './store.ts';

export interface PictureDeps {
  db: Db;
  now: () => number;
  gallery: Gallery;
  addresses: Addresses;
  /** For whom a caller uploads. @throws LiveError when it may not. */
  ownerOf(principal: Principal | null, appId: string | undefined): Promise<PictureOwner>;
}

const FOREVER = 'public, max-age=31536000, immutable';
const TYPES = ['image/png', 'image/jpeg', 'image/webp', 'application/octet-stream'];
const IMAGE = Type.Unsafe<Buffer>({ type: 'string', format: 'binary' });

/** `/v1/pictures`: backgrounds, logos, avatars, covers. */
export function pictureRoutes(api: Api, deps: PictureDeps): void {
  uploading(api, deps);
  serving(api, deps);
  const { db, gallery, ownerOf } = deps;

  api.get(
    '/v1/pictures',
    endpoint(
      'app',
      {
        operationId: 'listPictures',
        tag: 'Pictures',
        summary: 'List pictures, newest first',
        description: "With an app's key: only its own.",
        errors: ['BAD_REQUEST'],
      },
      {
        querystring: Type.Object(
          { ...PageQuery.properties, ...PictureQuery.properties },
          { additionalProperties: false },
        ),
        response: { 200: PictureList },
      },
    ),
    async ({ query, principal }) => {
      const limit = query.limit ?? 50;
      const own = principal?.kind === 'operator' ? {} : { appId: (await ownerOf(principal, undefined)).appId };
      const rows = await listPictures(db, { ...query, ...own, limit });
      return toPage(
        rows,
        limit,
        (row) => ({ at: row.createdAt, id: row.id }),
        (row) => toPicture(row, deps.addresses),
      );
    },
  );

  api.delete(
    '/v1/pictures/:id',
    endpoint(
      'app',
      {
        operationId: 'deletePicture',
        tag: 'Pictures',
        summary: 'Delete a picture',
        description:
          'A mix that shows it goes on without it when it next starts. An app deletes its own; another app that uploaded the same content keeps it. The operator deletes it for all.',
        errors: ['PICTURE_NOT_FOUND'],
      },
      { params: PictureParams, response: { 204: NOTHING } },
    ),
    async ({ params: { id }, principal }, reply) => {
      const appId = principal?.kind === 'operator' ? null : (await ownerOf(principal, undefined)).appId;
      if (!(await gallery.remove(id, appId))) throw pictureMissing(id);
      return reply.code(204).send(null);
    },
  );
}

function uploading(api: Api, { gallery, addresses, now, ownerOf }: PictureDeps): void {
  const uploads = new Allowance({ most: 20, windowMs: 3_600_000, refusal: 'too many pictures were uploaded' });
  // In a scope of its own: bodies that are pictures are for this call only.
  void api.register(async (scope) => {
    scope.addContentTypeParser(TYPES, { parseAs: 'buffer', bodyLimit: MAX_PICTURE_BYTES }, (_, body, done) =>
      done(null, body),
    );
    scope.withTypeProvider<TypeBoxTypeProvider>().post(
      '/v1/pictures',
      {
        ...endpoint(
          'known',
          {
            operationId: 'createPicture',
            tag: 'Pictures',
            summary: 'Upload a picture',
            description:
              'The body is the picture: PNG, JPEG or WebP, standing still, up to 5 MB and 4096 px a side. What it is is told by its bytes. The same content again is the same picture. Users too, for covers and avatars: 20 an hour each, on the account of their app.',
            errors: [
              'BAD_REQUEST',
              'NOT_FOUND',
              'TOO_LARGE',
              'UNSUPPORTED_MEDIA_TYPE',
              'STORAGE_QUOTA_EXCEEDED',
              'ACCOUNT_SUSPENDED',
              'LIVE_NOT_ENABLED',
              'ACCOUNT_IN_ARREARS',
            ],
          },
          {
            querystring: PictureQuery,
            consumes: TYPES,
            body: Type.Unsafe<Buffer>({ description: 'The picture' }),
            response: { 201: Picture },
          },
        ),
        bodyLimit: MAX_PICTURE_BYTES,
      },
      async ({ body, query, principal }, reply) => {
        if (principal?.kind === 'user') uploads.take(`${principal.appId} ${principal.userId}`, now());
        if (!Buffer.isBuffer(body))
          throw new LiveError(
            'UNSUPPORTED_MEDIA_TYPE',
            'send the picture itself as the body, with content-type: image/png, image/jpeg or image/webp',
          );
        const row = await gallery.add(await ownerOf(principal, query.appId), body);
        return reply.code(201).send(toPicture(row, addresses));
      },
    );
  });
}

function serving(api: Api, { gallery }: PictureDeps): void {
  api.get(
    '/v1/pictures/:id',
    endpoint(
      'public',
      {
        operationId: 'getPicture',
        tag: 'Pictures',
        summary: 'The picture itself',
        description: 'Open to all, may be kept for ever.',
        errors: ['BAD_REQUEST', 'PICTURE_NOT_FOUND'],
      },
      {
        params: PictureParams,
        response: {
          200: {
            description: 'The picture',
            content: Object.fromEntries(TYPES.slice(0, 3).map((type) => [type, { schema: IMAGE }])),
          },
          304: Type.Null({ description: 'As the caller has it' }),
        },
      },
    ),
    async ({ params: { id }, headers }, reply) => {
      const etag = `"${id}"`;
      reply.headers({
        'access-control-allow-origin': '*',
        // Pages of other sites show them.
        'cross-origin-resource-policy': 'cross-origin',
      });
      const found = headers['if-none-match'] === etag ? 'same' : await gallery.open(id);
      if (found === null) throw pictureMissing(id);
      reply.headers({ etag, 'cache-control': FOREVER });
      if (found === 'same') return reply.code(304).send(undefined as never);
      return reply.type(found.type).send(found.bytes as never);
    },
  );
}

const pictureMissing = (id: string): LiveError =>
  new LiveError('PICTURE_NOT_FOUND', `there is no picture "${id}": upload it, or check the id`);

export const pictureUrl = ({ http }: Addresses, id: string): string => `${http}/v1/pictures/${id}`;

const toPicture = ({ createdAt, ...row }: PictureRow, addresses: Addresses): Picture => ({
  ...row,
  url: pictureUrl(addresses, row.id),
  createdAt: rfc3339(createdAt),
});
