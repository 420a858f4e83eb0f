import { LiveError } from '@lianmai/contract';
import { IdParams, SignedQuery } from '@lianmai/contract/rest';
import { Type } from 'typebox';
import { verifyTxSignature } from '../../auth/tx-signature.ts';
import type { Principal } from '../auth/principal.ts';
import { type Api, endpoint } from '../rest/api.ts';
import type { RoomHall } from './hall.ts';
import { mayWatch } from './rules.ts';
import { type RoomWithAnchor, roomMissing } from './store.ts';
import { FRESH_MS, type Thumbnails } from './thumbnails.ts';

export interface ThumbnailDeps {
  hall: RoomHall;
  thumbnails: Thumbnails;
  now: () => number;
}

/** `/v1/rooms/{id}/thumbnail.jpg`. */
export function thumbnailRoutes(api: Api, { hall, thumbnails, now }: ThumbnailDeps): void {
  api.get(
    '/v1/rooms/:id/thumbnail.jpg',
    endpoint(
      'public',
      {
        operationId: 'getRoomThumbnail',
        tag: 'Rooms',
        summary: 'A small picture of what is on air in the room',
        description:
          "At most 360 px wide, made when it is asked for and renewed some 20 s after. Where the room's channel has signed play, by the signature that the room's `thumbnail` has, or with a key or token of its app.",
        errors: ['BAD_REQUEST', 'ROOM_NOT_FOUND', 'PICTURE_NOT_FOUND', 'BAD_SIGNATURE'],
      },
      {
        params: IdParams,
        querystring: SignedQuery,
        response: {
          200: {
            description: 'A JPEG',
            content: { 'image/jpeg': { schema: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }) } },
          },
          304: Type.Null({ description: 'As the caller has it' }),
        },
      },
    ),
    async ({ params: { id }, query, headers, principal }, reply) => {
      const room = await hall.find(id);
      if (!room) throw roomMissing(id);
      checkMaySee(room, principal, new URLSearchParams(query).toString(), now());
      const thumbnail = await thumbnails.of(room);
      if (!thumbnail)
        throw new LiveError(
          'PICTURE_NOT_FOUND',
          `there is no picture of room "${id}" now: it is not on air, or unseen`,
        );
      const scope = room.playAuth === 'signed' ? 'private' : 'public';
      reply.headers({
        'access-control-allow-origin': '*',
        // Pages of other sites show them.
        'cross-origin-resource-policy': 'cross-origin',
        etag: thumbnail.etag,
        'cache-control': `${scope}, max-age=${FRESH_MS / 1000}`,
      });
      if (headers['if-none-match'] === thumbnail.etag) return reply.code(304).send(undefined as never);
      return reply.type('image/jpeg').send(thumbnail.jpeg as never);
    },
  );
}

/** Who may watch may see. @throws LiveError BAD_SIGNATURE */
function checkMaySee(room: RoomWithAnchor, principal: Principal | null, query: string, nowMs: number): void {
  if (mayWatch(room, principal)) return;
  const { stream, playKey } = room;
  const verdict = verifyTxSignature({ keys: [playKey], stream, query, nowMs });
  if (verdict !== 'ok')
    throw new LiveError('BAD_SIGNATURE', 'not everybody may watch this room: take the address from the room itself');
}
