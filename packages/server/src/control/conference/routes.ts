import { LiveError } from '@lianmai/contract';
import {
  Conference,
  ConferenceJoin,
  ConferenceList,
  ConferenceQuery,
  CreateConference,
  IdParams,
  JoinConference,
  LeaveConference,
  MemberParams,
  MuteMember,
} from '@lianmai/contract/rest';
import { toPage } from '../../store/page.ts';
import type { ConferenceRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { owningApp } from '../app/owning.ts';
import type { Principal } from '../auth/principal.ts';
import { newSigningKey } from '../auth/secrets.ts';
import type { Relays } from '../relay/relays.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { findUser } from '../user/store.ts';
import { actingUser, checkCaller } from './caller.ts';
import type { ConferenceHall } from './hall.ts';
import { newConferenceId, newMemberStream } from './names.ts';
import { checkAccount, memberNamed } from './rules.ts';
import { type ConferenceInput, type Gathering, newConference } from './state.ts';
import { accountOf, conferenceMissing, countOwned, listConferences } from './store.ts';
import type { ConferenceView } from './view.ts';

export interface ConferenceDeps {
  db: Db;
  now: () => number;
  hall: ConferenceHall;
  view: ConferenceView;
  relays: Pick<Relays, 'open' | 'channelsOf'>;
  /** Of a conference that does not say. */
  capacity: number;
}

/** Conferences of one user at a time. */
const MOST_OF_A_USER = 5;

/** `/v1/conferences`: for keys, on behalf of users, and for users themselves. What goes without either is below `/v1/calls`. */
export function conferenceRoutes(api: Api, deps: ConferenceDeps): void {
  makeAndShow(api, deps);
  comeAndGo(api, deps);
  lookAfterMembers(api, deps);
}

function makeAndShow(api: Api, deps: ConferenceDeps): void {
  const { db, now, hall, view, relays, capacity } = deps;
  api.post(
    '/v1/conferences',
    endpoint(
      'known',
      {
        operationId: 'createConference',
        tag: 'Conferences',
        summary: 'Make a conference',
        description:
          'The first member to join owns it, unless `ownerId` names one. Nobody joins within 24 hours: it ends. The id of one that has ended may be used again. A user makes its own, five at a time, open to all unless it says otherwise.',
        errors: [
          'BAD_REQUEST',
          'NOT_FOUND',
          'CONFLICT',
          'CONFERENCE_QUOTA_EXCEEDED',
          'ACCOUNT_SUSPENDED',
          'LIVE_NOT_ENABLED',
          'ACCOUNT_IN_ARREARS',
        ],
      },
      { body: CreateConference, response: { 201: Conference } },
    ),
    async ({ body, principal }, reply) => {
      const app = await owningApp(db, body.appId, principal);
      checkAccount(await accountOf(db, app.accountId));
      const maker = principal?.kind === 'user' ? actingUser(principal, body.ownerId) : null;
      if (maker !== null && (await countOwned(db, app.id, maker)) >= MOST_OF_A_USER)
        throw new LiveError(
          'CONFERENCE_QUOTA_EXCEEDED',
          `a user may hold ${MOST_OF_A_USER} conferences at a time: end one`,
        );
      const id = body.id ?? newConferenceId();
      const row = newConference(
        {
          id,
          appId: app.id,
          accountId: app.accountId,
          title: body.title ?? id,
          capacity: body.capacity ?? capacity,
          open: (body.open ?? maker !== null) ? 1 : 0,
          key: newSigningKey(),
          ownerId: maker ?? body.ownerId ?? null,
        },
        now(),
      );
      await hall.open(row);
      if (body.watchable) await openRelay(deps, row);
      return reply.code(201).send(await shown(deps, { conference: row, members: [] }));
    },
  );

  api.get(
    '/v1/conferences',
    endpoint(
      'app',
      {
        operationId: 'listConferences',
        tag: 'Conferences',
        summary: 'List conferences, newest first',
        description: "With an app's key: only its own.",
        errors: ['BAD_REQUEST'],
      },
      { querystring: ConferenceQuery, response: { 200: ConferenceList } },
    ),
    async ({ query, principal }) => {
      const limit = query.limit ?? 50;
      const own = principal?.kind === 'app' ? { appId: principal.appId } : {};
      const found = await listConferences(db, { ...query, ...own, limit });
      const channels = await relays.channelsOf(found.map(({ conference }) => conference.id));
      return toPage(
        found,
        limit,
        ({ conference }) => ({ at: conference.createdAt, id: conference.id }),
        (gathering) => view.conference(gathering, channels.get(gathering.conference.id) ?? null),
      );
    },
  );

  api.get(
    '/v1/conferences/:id',
    endpoint(
      'known',
      {
        operationId: 'getConference',
        tag: 'Conferences',
        summary: 'A conference and who is in it',
        errors: ['CONFERENCE_NOT_FOUND'],
      },
      { params: IdParams, response: { 200: Conference } },
    ),
    async ({ params, principal }) => {
      const gathering = await hall.find(params.id);
      if (!gathering) throw conferenceMissing(params.id);
      checkCaller(gathering, principal, 'see');
      return shown(deps, gathering);
    },
  );

  api.delete(
    '/v1/conferences/:id',
    endpoint(
      'known',
      {
        operationId: 'endConference',
        tag: 'Conferences',
        summary: 'End a conference',
        description: 'Its members are disconnected, their tokens are worth nothing any more.',
        errors: ['CONFERENCE_NOT_FOUND'],
      },
      { params: IdParams, response: { 204: NOTHING } },
    ),
    async ({ params, principal }, reply) => {
      await hall.change(params.id, decided(principal, { type: 'end' }));
      return reply.code(204).send(null);
    },
  );
}

function comeAndGo(api: Api, deps: ConferenceDeps): void {
  const { db, hall, view } = deps;
  api.post(
    '/v1/conferences/:id/join',
    endpoint(
      'known',
      {
        operationId: 'joinConference',
        tag: 'Conferences',
        summary: 'Let a user in',
        description:
          'Answers what the user needs to publish and to play the others: give it to that user only. A user who is in it gets the same again; one who was kicked is let in again by a key only. Who neither publishes nor polls for 90 s has left. With a key `userId` says who; a user joins as itself, where it is the owner, was let in before, or all may.',
        errors: [
          'BAD_REQUEST',
          'MEMBER_KICKED',
          'CONFERENCE_NOT_FOUND',
          'CONFERENCE_FULL',
          'CONFERENCE_ENDED',
          'ACCOUNT_SUSPENDED',
          'LIVE_NOT_ENABLED',
          'ACCOUNT_IN_ARREARS',
        ],
      },
      { params: IdParams, body: JoinConference, response: { 200: ConferenceJoin } },
    ),
    async ({ params: { id }, body: { userId: named, nickname, role = 'member' }, principal }) => {
      const userId = actingUser(principal, named);
      const there = await hall.find(id);
      if (!there) throw conferenceMissing(id);
      const wish = role === 'owner' ? 'rule' : 'join';
      checkCaller(there, principal, wish);
      checkAccount(await accountOf(db, there.conference.accountId));
      const isUser = principal?.kind === 'user';
      const known = isUser ? await findUser(db, principal) : undefined;
      const gathering = await hall.change(id, (now) => {
        checkCaller(now, principal, wish);
        return {
          type: 'join',
          userId,
          nickname: nickname ?? memberNamed(now, userId)?.nickname ?? known?.nickname ?? userId,
          role,
          stream: newMemberStream(id),
          pardon: !isUser,
        };
      });
      const self = memberNamed(gathering, userId);
      if (!self) throw new Error(`${userId} joined ${id} and is not there`);
      return view.join(gathering, self);
    },
  );

  api.post(
    '/v1/conferences/:id/leave',
    endpoint(
      'known',
      {
        operationId: 'leaveConference',
        tag: 'Conferences',
        summary: 'A user leaves',
        description:
          'Its publisher is disconnected. When the owner leaves, the member that is longest there becomes owner; when the last one leaves, the conference ends.',
        errors: ['BAD_REQUEST', 'CONFERENCE_NOT_FOUND'],
      },
      { params: IdParams, body: LeaveConference, response: { 200: Conference } },
    ),
    async ({ params, body: { userId: named }, principal }) => {
      const userId = actingUser(principal, named);
      const after = await hall.change(params.id, (there) => {
        checkCaller(there, principal, 'join');
        return { type: 'leave', userId };
      });
      return shown(deps, after);
    },
  );
}

function lookAfterMembers(api: Api, deps: ConferenceDeps): void {
  const { hall } = deps;
  const errors = ['BAD_REQUEST', 'CONFERENCE_NOT_FOUND', 'CONFERENCE_ENDED', 'NOT_A_MEMBER'] as const;
  for (const [action, muted, summary] of [
    ['mute', true, 'Mute a member'],
    ['unmute', false, 'Let a member be heard again'],
  ] as const)
    api.post(
      `/v1/conferences/:id/members/:userId/${action}`,
      endpoint(
        'known',
        {
          operationId: `${action}Member`,
          tag: 'Conferences',
          summary,
          description: 'As the owner does: the member cannot change it. Its own client keeps to it.',
          errors,
        },
        { params: MemberParams, body: MuteMember, response: { 200: Conference } },
      ),
      async ({ params: { id, userId }, body, principal }) => {
        const { video = false, audio = !video } = body;
        const change = { ...(audio ? { audio: muted } : {}), ...(video ? { video: muted } : {}) };
        return shown(deps, await hall.change(id, decided(principal, { type: 'mute', userId, by: 'owner', ...change })));
      },
    );

  api.post(
    '/v1/conferences/:id/members/:userId/kick',
    endpoint(
      'known',
      {
        operationId: 'kickMember',
        tag: 'Conferences',
        summary: 'Remove a member',
        description: 'Its publisher is disconnected, its tokens are worth nothing any more. A key may let it in again.',
        errors,
      },
      { params: MemberParams, response: { 200: Conference } },
    ),
    async ({ params: { id, userId }, principal }) =>
      shown(deps, await hall.change(id, decided(principal, { type: 'kick', userId }))),
  );
}

/** The input, if it is the caller's to decide. */
const decided = (principal: Principal | null, input: ConferenceInput) => (there: Gathering) => {
  checkCaller(there, principal, 'rule');
  return input;
};

async function shown({ view, relays }: ConferenceDeps, gathering: Gathering): Promise<Conference> {
  const { id } = gathering.conference;
  return view.conference(gathering, (await relays.channelsOf([id])).get(id) ?? null);
}

/** A conference that was to be watchable and cannot be is not left behind. */
async function openRelay({ hall, relays }: ConferenceDeps, row: ConferenceRow): Promise<void> {
  try {
    await relays.open(row);
  } catch (error) {
    await hall.change(row.id, () => ({ type: 'end' }));
    throw error;
  }
}
