import { LiveError } from '@lianmai/contract';
import {
  ChangeRoomCustom,
  CreateRoom,
  IdParams,
  ROOM_STATES,
  Room,
  RoomCustomAnswer,
  RoomList,
  RoomPulse,
  RoomQuery,
  UpdateRoom,
} from '@lianmai/contract/rest';
import { type Static, Type } from 'typebox';
import { toPage } from '../../store/page.ts';
import type { Db } from '../../store/store.ts';
import type { Principal } from '../auth/principal.ts';
import { DEFAULT_ID } from '../first-start.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { userOf } from '../user/me-routes.ts';
import type { RoomHall } from './hall.ts';
import { checkMayChange, fieldsOf, isAnchor, roomClosed } from './rules.ts';
import { listRooms, type RoomWithAnchor, roomMissing } from './store.ts';
import type { RoomView } from './view.ts';

export interface RoomDeps {
  db: Db;
  hall: RoomHall;
  view: RoomView;
}

/** `/v1/rooms`: what users see and open. */
export function roomRoutes(api: Api, deps: RoomDeps): void {
  openAndClose(api, deps);
  listAndShow(api, deps);
  goOn(api, deps);
}

function openAndClose(api: Api, deps: RoomDeps): void {
  const { hall, view } = deps;
  api.post(
    '/v1/rooms',
    endpoint(
      'user',
      {
        operationId: 'openRoom',
        tag: 'Rooms',
        summary: 'Open a room',
        description:
          'With signed push URLs: what is pushed there is live in the room. A user has one room open at a time: another call while it is only being prepared gives the same room with the new title (200), after that it is refused. Within an hour after a room, the next one of the same user has the same addresses.',
        errors: [
          'BAD_REQUEST',
          'USER_NOT_FOUND',
          'ROOM_ALREADY_OPEN',
          'ROOM_QUOTA_EXCEEDED',
          'ACCOUNT_SUSPENDED',
          'LIVE_NOT_ENABLED',
          'ACCOUNT_IN_ARREARS',
        ],
      },
      { body: CreateRoom, response: { 200: Room, 201: Room } },
    ),
    async ({ body, principal }, reply) => {
      const { room, made } = await hall.open(userOf(principal), fieldsOf(body));
      return reply.code(made ? 201 : 200).send(view.room(room, principal));
    },
  );

  api.delete(
    '/v1/rooms/:id',
    endpoint(
      'known',
      {
        operationId: 'closeRoom',
        tag: 'Rooms',
        summary: 'Close a room',
        description:
          'By its anchor, its app or the operator. Whoever publishes on its channel is disconnected. Closing a closed room changes nothing.',
        errors: ['ROOM_NOT_FOUND'],
      },
      { params: IdParams, response: { 204: NOTHING } },
    ),
    async ({ params: { id }, principal }, reply) => {
      const room = await changeable(deps, id, principal);
      await hall.change(id, { type: 'close', reason: isAnchor(room, principal) ? 'anchor' : 'operator' });
      return reply.code(204).send(null);
    },
  );
}

function listAndShow(api: Api, { db, hall, view }: RoomDeps): void {
  api.get(
    '/v1/rooms',
    endpoint(
      'public',
      {
        operationId: 'listRooms',
        tag: 'Rooms',
        summary: 'List rooms, those on air first',
        description:
          "Of the caller's app; without a key or token, of `appId` or the default app; for the operator, of all apps or of `appId`.",
        errors: ['BAD_REQUEST', 'FORBIDDEN'],
      },
      { querystring: RoomQuery, response: { 200: RoomList } },
    ),
    async ({ query, principal }) => {
      const { limit = 50, sort = 'newest' } = query;
      const states = statesOf(query, principal);
      const rows = await listRooms(db, { ...query, limit, sort, states, appId: appOf(query, principal) });
      return toPage(
        rows,
        limit,
        ({ place, id }) => ({ at: place, id }),
        (row) => view.room(row, principal),
      );
    },
  );

  api.get(
    '/v1/rooms/:id',
    endpoint(
      'public',
      {
        operationId: 'getRoom',
        tag: 'Rooms',
        summary: 'A room',
        description: 'Closed ones too, for 90 days. With `channel.push` for its anchor, its app and the operator.',
        errors: ['BAD_REQUEST', 'ROOM_NOT_FOUND'],
      },
      { params: IdParams, response: { 200: Room } },
    ),
    async ({ params: { id }, principal }) => {
      const room = await hall.find(id);
      if (!room) throw roomMissing(id);
      return view.room(room, principal);
    },
  );
}

function goOn(api: Api, deps: RoomDeps): void {
  const { hall, view } = deps;
  api.patch(
    '/v1/rooms/:id',
    endpoint(
      'known',
      {
        operationId: 'updateRoom',
        tag: 'Rooms',
        summary: 'Change a room',
        description: 'By its anchor, its app or the operator. Only the settings that are given change.',
        errors: ['BAD_REQUEST', 'ROOM_NOT_FOUND', 'ROOM_CLOSED'],
      },
      { params: IdParams, body: UpdateRoom, response: { 200: Room } },
    ),
    async ({ params: { id }, body, principal }) => {
      await changeable(deps, id, principal);
      await hall.update(id, body);
      return view.room(await changeable(deps, id, principal), principal);
    },
  );

  api.post(
    '/v1/rooms/:id/heartbeat',
    endpoint(
      'user',
      {
        operationId: 'beatRoom',
        tag: 'Rooms',
        summary: "Say that the anchor's page is there, every 5 s",
        description: 'A room that has neither heard this nor had a stream for 90 s is closed.',
        errors: ['ROOM_NOT_FOUND', 'ROOM_CLOSED'],
      },
      { params: IdParams, body: Type.Object({}, { additionalProperties: false }), response: { 200: RoomPulse } },
    ),
    async ({ params: { id }, principal }) => {
      const room = await changeable(deps, id, principal);
      if (room.state === 'closed') throw roomClosed(id);
      hall.beat(id);
      return view.pulse(room);
    },
  );

  api.post(
    '/v1/rooms/:id/custom',
    endpoint(
      'known',
      {
        operationId: 'changeRoomCustom',
        tag: 'Rooms',
        summary: "Set or count one of the room's own fields",
        description: 'By its anchor, its app or the operator. Two that count at once both count.',
        errors: ['BAD_REQUEST', 'ROOM_NOT_FOUND', 'ROOM_CLOSED'],
      },
      { params: IdParams, body: ChangeRoomCustom, response: { 200: RoomCustomAnswer } },
    ),
    async ({ params: { id }, body, principal }) => {
      await changeable(deps, id, principal);
      return { custom: await hall.custom(id, body) };
    },
  );
}

/** @throws LiveError ROOM_NOT_FOUND, FORBIDDEN */
async function changeable({ hall }: RoomDeps, id: string, principal: Principal | null): Promise<RoomWithAnchor> {
  const room = await hall.find(id);
  if (!room) throw roomMissing(id);
  checkMayChange(room, principal);
  return room;
}

type Query = Static<typeof RoomQuery>;

/** undefined: all. */
function appOf({ appId }: Query, principal: Principal | null): string | undefined {
  if (principal?.kind === 'operator') return appId;
  return principal ? principal.appId : (appId ?? DEFAULT_ID);
}

/** @throws LiveError FORBIDDEN: who was on air when is not everybody's business. */
function statesOf({ state = 'open', anchorId }: Query, principal: Principal | null) {
  const own = principal?.kind === 'user' && principal.userId === anchorId;
  const sees = own || principal?.kind === 'operator' || principal?.kind === 'app';
  if ((state === 'closed' || state === 'all') && !sees)
    throw new LiveError('FORBIDDEN', 'closed rooms are listed to their anchor (give anchorId) and to a key', 'state');
  if (state === 'all') return ROOM_STATES;
  return state === 'open' ? ROOM_STATES.filter((one) => one !== 'closed') : [state];
}
