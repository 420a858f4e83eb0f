import {
  ChangeChatRules,
  ChatRules,
  IdParams,
  RoomMemberParams,
  RoomMembers,
  RoomMembersQuery,
  Sanction,
  SendNotice,
  SentNotice,
} from '@lianmai/contract/rest';
import type { Db } from '../../store/store.ts';
import { owningApp } from '../app/owning.ts';
import { mayUseApp, type Principal } from '../auth/principal.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { roomMissing } from '../room/store.ts';
import type { ChatRoom } from './chat-room.ts';
import { checkRank, type Rooms } from './rooms.ts';

export interface ChatDeps {
  db: Db;
  rooms: Rooms;
}

const TAG = 'Chat';

/** What an operator or an app does in rooms' chat. */
export function chatRoutes(api: Api, deps: ChatDeps): void {
  speakAndLook(api, deps);
  lookAfterMembers(api, deps);
  setRules(api, deps);
}

/** @throws LiveError ROOM_NOT_FOUND: others' are not to be known of. */
async function roomOf({ rooms }: ChatDeps, id: string, principal: Principal | null): Promise<ChatRoom> {
  const room = await rooms.find(id);
  if (!room || !principal || !mayUseApp(principal, room.appId)) throw roomMissing(id);
  return room;
}

function speakAndLook(api: Api, deps: ChatDeps): void {
  api.post(
    '/v1/rooms/:id/notices',
    endpoint(
      'app',
      {
        operationId: 'sendNotice',
        tag: TAG,
        summary: 'Say something to everybody in a room',
        description: 'Comes as a message of kind `system`, before everything else.',
        errors: ['BAD_REQUEST', 'ROOM_NOT_FOUND'],
      },
      { params: IdParams, body: SendNotice, response: { 201: SentNotice } },
    ),
    async ({ params, body, principal }, reply) =>
      reply.code(201).send(await deps.rooms.notice(await roomOf(deps, params.id, principal), body.text)),
  );

  api.get(
    '/v1/rooms/:id/members',
    endpoint(
      'app',
      {
        operationId: 'listRoomMembers',
        tag: TAG,
        summary: 'Who is in a room',
        errors: ['BAD_REQUEST', 'ROOM_NOT_FOUND'],
      },
      { params: IdParams, querystring: RoomMembersQuery, response: { 200: RoomMembers } },
    ),
    async ({ params, query, principal }) =>
      (await roomOf(deps, params.id, principal)).page(query.limit ?? 50, query.cursor),
  );
}

function lookAfterMembers(api: Api, deps: ChatDeps): void {
  const { rooms } = deps;
  for (const [action, summary, run] of [
    ['mute', 'Let a user say nothing in a room', rooms.mute],
    ['ban', 'Send a user out of a room, and keep it out', rooms.ban],
  ] as const) {
    api.post(
      `/v1/rooms/:id/members/:userId/${action}`,
      endpoint(
        'app',
        { operationId: `${action}RoomMember`, tag: TAG, summary, errors: ['BAD_REQUEST', 'ROOM_NOT_FOUND'] },
        { params: RoomMemberParams, body: Sanction, response: { 204: NOTHING } },
      ),
      async ({ params: { id, userId }, body: { seconds }, principal }, reply) => {
        const room = await roomOf(deps, id, principal);
        checkRank(room, 'operator', userId);
        await run.call(rooms, room, userId, seconds);
        return reply.code(204).send(null);
      },
    );
    api.post(
      `/v1/rooms/:id/members/:userId/un${action}`,
      endpoint(
        'app',
        { operationId: `un${action}RoomMember`, tag: TAG, summary: `Lift it: un${action}`, errors: ['ROOM_NOT_FOUND'] },
        { params: RoomMemberParams, response: { 204: NOTHING } },
      ),
      async ({ params: { id, userId }, principal }, reply) => {
        await run.call(rooms, await roomOf(deps, id, principal), userId, 0);
        return reply.code(204).send(null);
      },
    );
  }

  api.post(
    '/v1/rooms/:id/members/:userId/kick',
    endpoint(
      'app',
      {
        operationId: 'kickRoomMember',
        tag: TAG,
        summary: 'Send a user out of a room',
        description: 'It may come back after a minute; `ban` keeps it out for longer.',
        errors: ['BAD_REQUEST', 'ROOM_NOT_FOUND'],
      },
      { params: RoomMemberParams, response: { 204: NOTHING } },
    ),
    async ({ params: { id, userId }, principal }, reply) => {
      const room = await roomOf(deps, id, principal);
      checkRank(room, 'operator', userId);
      await rooms.kick(room, userId);
      return reply.code(204).send(null);
    },
  );
}

function setRules(api: Api, { db, rooms }: ChatDeps): void {
  const errors = ['BAD_REQUEST', 'NOT_FOUND'] as const;
  api.get(
    '/v1/apps/:id/chat',
    endpoint(
      'app',
      { operationId: 'getChatRules', tag: TAG, summary: "What is set for an app's chat", errors },
      { params: IdParams, response: { 200: ChatRules } },
    ),
    async ({ params, principal }) => {
      const app = await owningApp(db, params.id, principal);
      const { words, gifts } = (await rooms.rules(app.id)).rules;
      return { words: [...words], gifts: [...gifts] };
    },
  );

  api.patch(
    '/v1/apps/:id/chat',
    endpoint(
      'app',
      {
        operationId: 'setChatRules',
        tag: TAG,
        summary: 'Set the unwanted words and the gifts of an app',
        description: 'A list that is given replaces the one before.',
        errors,
      },
      { params: IdParams, body: ChangeChatRules, response: { 200: ChatRules } },
    ),
    async ({ params, body, principal }) => {
      const app = await owningApp(db, params.id, principal);
      const { words, gifts } = { ...(await rooms.rules(app.id)).rules, ...body };
      await rooms.setRules(app.id, { words, gifts });
      return { words: [...words], gifts: [...gifts] };
    },
  );
}
