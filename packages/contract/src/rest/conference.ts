import { type Static, Type } from 'typebox';
import { PlayUrls, StreamName } from './channel.ts';
import { CLOSED, Id, NAME_PATTERN, Name, nullable, PageQuery, pageOf, Time } from './shapes.ts';

export const UserId = Type.String({
  pattern: '^[A-Za-z0-9_.@:-]{1,64}$',
  description: 'Who it is, by the id of your own user database',
  examples: ['anna'],
});
const Nickname = Type.String({ minLength: 1, maxLength: 64, pattern: NAME_PATTERN, examples: ['Anna'] });
const Role = Type.Enum(['owner', 'member', 'viewer'], {
  type: 'string',
  description: 'owner: mutes and kicks; member: is seen and heard; viewer: only watches, and takes no place on air',
});
const Capacity = Type.Integer({
  minimum: 1,
  maximum: 100,
  description: 'Members on air at most; viewers do not count',
});
const MemberState = Type.Enum(['joining', 'on-air', 'video-gone'], {
  type: 'string',
  description:
    'joining: not publishing; on-air; video-gone: its packets stopped 15 s ago or more, and it leaves 90 s after they stopped',
});
const Muted = Type.Object(
  { audio: Type.Boolean(), video: Type.Boolean() },
  { title: 'Muted', description: "By itself or by the owner. The member's own client keeps to it." },
);

export const MemberPlayUrls = Type.Object(
  {
    whep: Type.String({ examples: ['https://live.example.org/live/cf-talk-8h3kq0zv.whep?token=…'] }),
    flv: Type.String({ description: 'HTTP-FLV' }),
    rtmp: Type.String(),
  },
  { title: 'MemberPlayUrls', description: 'With the token of the member who asks' },
);
export const MemberPushUrls = Type.Object(
  {
    whip: Type.String({ examples: ['https://live.example.org/live/cf-talk-8h3kq0zv.whip?token=…'] }),
    rtmp: Type.String({ examples: ['rtmp://live.example.org/live/cf-talk-8h3kq0zv?token=…'] }),
  },
  { title: 'MemberPushUrls', description: 'With a token that opens this stream only' },
);

const whoIsThere = {
  userId: UserId,
  nickname: Type.String(),
  owner: Type.Boolean(),
  state: MemberState,
  muted: Muted,
  stream: StreamName,
};

/** A member as the other members see it. */
export const ConferenceMember = Type.Object({ ...whoIsThere, play: MemberPlayUrls }, { title: 'ConferenceMember' });
export type ConferenceMember = Static<typeof ConferenceMember>;

/** A member as the operator sees it: viewers too, and no addresses, which are for members. */
export const ConferencePresence = Type.Object(
  { ...whoIsThere, role: Role, stream: nullable(StreamName, { description: 'null: a viewer' }), joinedAt: Time },
  { title: 'ConferencePresence' },
);
export type ConferencePresence = Static<typeof ConferencePresence>;

export const IceServer = Type.Object(
  {
    urls: Type.Array(Type.String()),
    username: Type.Optional(Type.String()),
    credential: Type.Optional(Type.String()),
  },
  { title: 'IceServer', description: 'As RTCPeerConnection takes it' },
);
export type IceServer = Static<typeof IceServer>;

const Version = Type.Integer({ minimum: 0, description: 'Counts up at each change' });
const OpenToAll = Type.Boolean({ description: 'Anybody may join at `/call/{id}`; otherwise only whom a key let in' });

const Watchable = Type.Boolean({
  description: 'Anybody may watch it as a live channel, which is mixed while somebody does',
});
export const ConferenceChannel = Type.Object(
  { id: Id, stream: StreamName, play: PlayUrls },
  { title: 'ConferenceChannel', description: 'Where it can be watched; live while a member is on air' },
);

export const Conference = Type.Object(
  {
    id: Id,
    appId: Id,
    title: Type.String(),
    state: Type.Enum(['open', 'ended'], { type: 'string', description: 'An ended one can be seen for an hour' }),
    open: OpenToAll,
    channel: nullable(ConferenceChannel, { description: 'null: it is not watchable' }),
    capacity: Capacity,
    ownerId: nullable(UserId, { description: 'null: the next member to join will be' }),
    version: Version,
    members: Type.Array(ConferencePresence, { description: 'In the order they came' }),
    createdAt: Time,
    endedAt: nullable(Time),
  },
  { title: 'Conference' },
);
export type Conference = Static<typeof Conference>;

export const CreateConference = Type.Object(
  {
    id: Type.Optional(Id),
    title: Type.Optional(Name),
    capacity: Type.Optional(Capacity),
    ownerId: Type.Optional(UserId),
    open: Type.Optional(OpenToAll),
    watchable: Type.Optional(Watchable),
    appId: Type.Optional(Id),
  },
  { title: 'CreateConference', ...CLOSED },
);
export const ConferenceList = pageOf(Conference, 'ConferenceList');
export const ConferenceQuery = Type.Object(
  {
    ...PageQuery.properties,
    appId: Type.Optional(Id),
    state: Type.Optional(Type.Enum(['open', 'ended'], { type: 'string' })),
  },
  CLOSED,
);

const ForWhom = Type.Optional({ ...UserId, description: 'Needed with a key; a user joins and leaves as itself' });
export const JoinConference = Type.Object(
  { userId: ForWhom, nickname: Type.Optional(Nickname), role: Type.Optional(Role) },
  { title: 'JoinConference', ...CLOSED },
);
export const LeaveConference = Type.Object({ userId: ForWhom }, { title: 'LeaveConference', ...CLOSED });
export const MemberParams = Type.Object({ id: Id, userId: UserId }, CLOSED);
export const MuteMember = Type.Object(
  {
    audio: Type.Optional(Type.Boolean({ default: true })),
    video: Type.Optional(Type.Boolean({ default: false })),
  },
  { title: 'MuteMember', description: 'Which of the two; without both: audio', ...CLOSED },
);

const whatMembersSee = {
  conferenceId: Id,
  version: Version,
  members: Type.Array(ConferenceMember, { description: 'All who may be on air, oneself too, in the order they came' }),
  viewers: Type.Integer({ minimum: 0, description: 'Who only watch' }),
};
const Token = Type.String({
  description: 'Acts as this member: for the calls below `/v1/calls`. Keep it to yourself.',
});

/** What a member gets to take part. */
export const ConferenceJoin = Type.Object(
  {
    ...whatMembersSee,
    userId: UserId,
    token: Token,
    stream: nullable(StreamName, { description: 'null: a viewer' }),
    owner: Type.Boolean(),
    publish: nullable(MemberPushUrls, { description: 'null: a viewer' }),
    iceServers: Type.Array(IceServer),
  },
  { title: 'ConferenceJoin' },
);
export type ConferenceJoin = Static<typeof ConferenceJoin>;

export const CallParams = Type.Object({ conference: Id }, CLOSED);
const GivenToken = Type.String({ maxLength: 256 });
export const JoinCall = Type.Object(
  { nickname: Nickname, userId: Type.Optional(UserId), token: Type.Optional(GivenToken) },
  { title: 'JoinCall', description: 'userId and token of an earlier join go on with it', ...CLOSED },
);
export const CallQuery = Type.Object(
  {
    token: GivenToken,
    since: Type.Optional(
      Type.Integer({ minimum: 0, description: 'The version known: waits for another, 25 s at most' }),
    ),
  },
  CLOSED,
);
/** What a member sees of a call while in it. */
export const CallState = Type.Object(
  {
    ...whatMembersSee,
    token: Type.String({ description: 'The same rights for longer: use it from now on' }),
    owner: Type.Boolean({ description: 'Whether it is oneself' }),
  },
  { title: 'CallState' },
);
export type CallState = Static<typeof CallState>;

const asMember = { userId: UserId, token: GivenToken };
export const LeaveCall = Type.Object(asMember, { title: 'LeaveCall', ...CLOSED });
export const MuteInCall = Type.Object(
  {
    ...asMember,
    target: Type.Optional(UserId),
    audio: Type.Optional(Type.Boolean({ description: 'true: muted' })),
    video: Type.Optional(Type.Boolean({ description: 'true: muted' })),
  },
  { title: 'MuteInCall', description: 'Without target: oneself. What is left out stays as it is.', ...CLOSED },
);
export const KickFromCall = Type.Object({ ...asMember, target: UserId }, { title: 'KickFromCall', ...CLOSED });
