import { LiveError } from '@lianmai/contract';
import {
  CallParams,
  CallQuery,
  CallState,
  ConferenceJoin,
  JoinCall,
  KickFromCall,
  LeaveCall,
  MuteInCall,
} from '@lianmai/contract/rest';
import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { ConferenceMemberRow } from '../../store/schema.ts';
import { newSigningKey } from '../auth/secrets.ts';
import { DEFAULT_ID } from '../first-start.ts';
import type { RateLimits } from '../rest/access.ts';
import { type Api, endpoint, NOTHING } from '../rest/api.ts';
import { newMemberStream, newUserId } from './names.ts';
import type { ConferenceDeps } from './routes.ts';
import { actingMember, checkAccount, claimOf, memberNamed } from './rules.ts';
import { type ConferenceInput, ended, type Gathering, newConference } from './state.ts';
import { accountOf, conferenceMissing, countOpenCalls } from './store.ts';

export interface CallDeps extends ConferenceDeps {
  /** Anybody may make calls and join them. */
  openCalls: boolean;
  limits: RateLimits;
}

const NEWS_WITHIN_MS = 25_000;
/** A member that asks all the time is written down as seen no more often. */
const SEEN_EVERY_MS = 20_000;
/** Calls made without a key, at once. */
const MOST_OPEN_CALLS = 2000;
const OF_MEMBERS = [
  'BAD_REQUEST',
  'BAD_SIGNATURE',
  'CONFERENCE_NOT_FOUND',
  'CONFERENCE_ENDED',
  'MEMBER_KICKED',
  'NOT_A_MEMBER',
] as const;

/** `/v1/calls`: what people in a call do themselves, without a key: by the token of their join, or, to join an open call, by nothing. */
export function callRoutes(api: Api, deps: CallDeps): void {
  const { hall, view, limits, now } = deps;

  const join = endpoint(
    'public',
    {
      operationId: 'joinCall',
      tag: 'Calls',
      summary: 'Join a call',
      description:
        'Needs no key, unless the server runs with `--open-calls false`. The first to join makes the call and owns it; everybody gets a random userId. With `userId` and `token` of an earlier join one goes on as that member. Calls made with a key are joined here only if they are `open`, or with such a token. Limited to 60 a minute from one address.',
      errors: [
        'BAD_REQUEST',
        'FORBIDDEN',
        'BAD_SIGNATURE',
        'MEMBER_KICKED',
        'CONFERENCE_FULL',
        'CONFERENCE_ENDED',
        'TOO_MANY_CONNECTIONS',
        'ACCOUNT_SUSPENDED',
        'LIVE_NOT_ENABLED',
        'ACCOUNT_IN_ARREARS',
      ],
    },
    { params: CallParams, body: JoinCall, response: { 200: ConferenceJoin } },
  );
  const max = ({ principal }: FastifyRequest) => (principal ? limits.perKey : limits.joinsPerAddress);
  api.post(
    '/v1/calls/:conference/join',
    { ...join, config: { ...join.config, rateLimit: { max } } },
    async ({ params: { conference: id }, body }) => {
      const gathering = await joinCall(deps, id, body);
      const self = memberNamed(gathering.after, gathering.userId);
      if (!self) throw new Error(`${gathering.userId} joined ${id} and is not there`);
      return view.join(gathering.after, self);
    },
  );

  api.get(
    '/v1/calls/:conference',
    endpoint(
      'public',
      {
        operationId: 'getCall',
        tag: 'Calls',
        summary: 'Who is in the call',
        description:
          'With `since`, waits up to 25 s for a `version` other than that one. A member asks all the time: who neither publishes nor asks for 90 s has left. One request of a member waits at a time; a second one ends the first.',
        errors: [...OF_MEMBERS, 'TOO_MANY_CONNECTIONS'],
      },
      { params: CallParams, querystring: CallQuery, response: { 200: CallState } },
    ),
    async (request) => news(deps, request.params.conference, request.query, request),
  );

  /** What a member asks for, done if the token is its own. */
  const act = async (
    id: string,
    { userId, token }: { userId: string; token: string },
    decide: (self: ConferenceMemberRow, there: Gathering) => ConferenceInput,
  ) => hall.change(id, (there) => decide(actingMember(there, token, userId, now()), there));

  api.post(
    '/v1/calls/:conference/leave',
    endpoint(
      'public',
      { operationId: 'leaveCall', tag: 'Calls', summary: 'Leave', errors: OF_MEMBERS },
      { params: CallParams, body: LeaveCall, response: { 204: NOTHING } },
    ),
    async ({ params, body }, reply) => {
      await act(params.conference, body, ({ userId }) => ({ type: 'leave', userId }));
      return reply.code(204).send(null);
    },
  );

  api.post(
    '/v1/calls/:conference/mute',
    endpoint(
      'public',
      {
        operationId: 'muteInCall',
        tag: 'Calls',
        summary: 'Mute oneself; as the owner, anybody',
        description: 'What the owner muted only the owner opens again.',
        errors: [...OF_MEMBERS, 'FORBIDDEN'],
      },
      { params: CallParams, body: MuteInCall, response: { 204: NOTHING } },
    ),
    async ({ params, body }, reply) => {
      const { target = body.userId, audio, video } = body;
      const change = { ...(audio === undefined ? {} : { audio }), ...(video === undefined ? {} : { video }) };
      await act(params.conference, body, (self, there) => {
        if (target !== self.userId) checkOwner(there, self);
        const by = target === self.userId ? 'self' : 'owner';
        return { type: 'mute', userId: target, by, ...change };
      });
      return reply.code(204).send(null);
    },
  );

  api.post(
    '/v1/calls/:conference/kick',
    endpoint(
      'public',
      {
        operationId: 'kickFromCall',
        tag: 'Calls',
        summary: 'Remove a member, as the owner',
        errors: [...OF_MEMBERS, 'FORBIDDEN'],
      },
      { params: CallParams, body: KickFromCall, response: { 204: NOTHING } },
    ),
    async ({ params, body }, reply) => {
      const { target } = body;
      await act(params.conference, body, (self, there) => {
        checkOwner(there, self);
        if (target === self.userId) throw new LiveError('BAD_REQUEST', 'leave, in place of kicking yourself', 'target');
        return { type: 'kick', userId: target };
      });
      return reply.code(204).send(null);
    },
  );
}

async function joinCall(deps: CallDeps, id: string, body: Static<typeof JoinCall>) {
  const { db, hall, now } = deps;
  let there = await hall.find(id);
  if (!there || (there.conference.state === 'ended' && there.conference.open === 1)) there = await openCall(deps, id);
  const account = await accountOf(db, there.conference.accountId);
  checkAccount(account);
  let userId = '';
  const after = await hall.change(id, (gathering) => {
    if (gathering.conference.state === 'ended') throw ended(id);
    const claim = body.token === undefined ? null : claimOf(gathering.conference, body.token, body.userId, now());
    const mayBeStranger = deps.openCalls && gathering.conference.open === 1;
    if (!claim && !mayBeStranger)
      throw new LiveError('FORBIDDEN', `call "${id}" is joined by invitation: ask whoever runs it`);
    userId = claim?.userId ?? newUserId();
    const before = memberNamed(gathering, userId);
    return {
      type: 'join',
      userId,
      nickname: body.nickname,
      role: claim?.viewer ? 'viewer' : 'member',
      stream: before?.stream ?? newMemberStream(id),
      pardon: false,
    };
  });
  return { after, userId };
}

/** A call that somebody without a key begins. */
async function openCall({ db, hall, now, capacity, openCalls }: CallDeps, id: string): Promise<Gathering> {
  if (!openCalls) throw new LiveError('FORBIDDEN', 'calls are made with a key on this server: ask whoever runs it');
  checkAccount(await accountOf(db, DEFAULT_ID));
  if ((await countOpenCalls(db)) >= MOST_OPEN_CALLS)
    throw new LiveError('TOO_MANY_CONNECTIONS', `this server holds ${MOST_OPEN_CALLS} open calls: try again later`);
  const row = newConference(
    {
      id,
      appId: DEFAULT_ID,
      accountId: DEFAULT_ID,
      title: id,
      capacity,
      open: 1,
      key: newSigningKey(),
      ownerId: null,
    },
    now(),
  );
  try {
    await hall.open(row);
  } catch (error) {
    // Two came at once: the other one made it.
    if (!(error instanceof LiveError && error.name === 'CONFLICT')) throw error;
  }
  const made = await hall.find(id);
  if (!made) throw conferenceMissing(id);
  return made;
}

async function news(
  { hall, view, now }: CallDeps,
  id: string,
  { token, since }: Static<typeof CallQuery>,
  request: FastifyRequest,
): Promise<CallState> {
  const look = async () => {
    const there = await hall.find(id);
    if (!there) throw conferenceMissing(id);
    return { there, self: actingMember(there, token, undefined, now()) };
  };
  const first = await look();
  const { userId, no, polledAt } = first.self;
  if (polledAt === null || polledAt + SEEN_EVERY_MS <= now()) await hall.change(id, () => ({ type: 'polled', userId }));
  if (first.there.conference.version !== since) return view.state(first.there, first.self);
  if (hall.waiting.full)
    throw new LiveError('TOO_MANY_CONNECTIONS', 'too many wait for news: ask again in a few seconds');
  const wait = hall.waiting.begin(id, no, NEWS_WITHIN_MS);
  request.raw.socket.on('close', wait.stop);
  try {
    // What changed before the wait began is seen now.
    const second = await look();
    if (second.there.conference.version !== since) return view.state(second.there, second.self);
    await wait.over;
  } finally {
    wait.stop();
    request.raw.socket.off('close', wait.stop);
  }
  const last = await look();
  return view.state(last.there, last.self);
}

function checkOwner({ conference }: Gathering, { userId }: ConferenceMemberRow): void {
  if (conference.ownerId !== userId)
    throw new LiveError('FORBIDDEN', 'only the owner of the call may do that to others');
}
