import { type Static, Type } from 'typebox';
import { COHOST_EVENTS, COHOST_METHODS } from './cohost.ts';
import { Count, Done, method, roomEvent, Seq } from './im-schema.ts';
import { ROOM_ROLES, SENT_KINDS } from './im-wire.ts';
import { PK_EVENTS, PK_METHODS } from './pk.ts';
import { UserId } from './rest/conference.ts';
import { ROOM_CLOSE_REASONS, Room, RoomSummary } from './rest/room.ts';
import { CLOSED, Id, nullable, Time } from './rest/shapes.ts';
import { UserProfile } from './rest/user.ts';

export * from './cohost.ts';
export * from './pk.ts';

/*
 * The chat WebSocket `/v1/im?token=…&visitor=…&seq=…&session=…`: JSON-RPC 2.0, one JSON value per text message. The client sends
 * requests and notifications (methods below), the server answers by id and sends events as notifications; either side may
 * send several as a batch array. docs/im.md explains it for other clients.
 */

/** Characters of a text or danmaku. */
export const IM_LONGEST_TEXT = 500;

/** The anchor's is fixed; `room.setRole` changes between the others. */
const RoomRole = Type.Enum([...ROOM_ROLES], { type: 'string' });

export const RoomMember = Type.Object({ ...UserProfile.properties, role: RoomRole }, { title: 'RoomMember' });
export type RoomMember = Static<typeof RoomMember>;

const Text = Type.String({ minLength: 1, maxLength: IM_LONGEST_TEXT });
/** A text; or with further fields that are handed on as they are (a colour, the position of a danmaku). */
export const TextBody = Type.Union([Text, Type.Object({ text: Text })]);
export type TextBody = Static<typeof TextBody>;

export const LikeBody = Type.Union([
  Type.Integer({ minimum: 1, maximum: 100 }),
  Type.Object({ count: Type.Integer({ minimum: 1, maximum: 100 }) }, CLOSED),
]);
export const GiftBody = Type.Object(
  {
    giftId: Type.String({ pattern: '^[A-Za-z0-9_-]{1,32}$', examples: ['rose'] }),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 999, default: 1 })),
  },
  CLOSED,
);

export const RoomMessage = Type.Object(
  {
    id: Type.String(),
    seq: Seq,
    roomId: Id,
    kind: Type.Enum([...SENT_KINDS, 'system'], { type: 'string' }),
    from: nullable(RoomMember, {
      description: 'null: nobody in particular: system notices, and likes, which are summed',
    }),
    body: Type.Unknown({
      description:
        'As it was sent (words that are not wanted replaced by *). Shown to others as text: never as HTML. like: `{count}`; gift: `{giftId, count, name, price}`; system: `{text}`',
    }),
    at: Time,
  },
  { title: 'RoomMessage' },
);
export type RoomMessage = Static<typeof RoomMessage>;

export const Gift = Type.Object(
  {
    giftId: GiftBody.properties.giftId,
    name: Type.String({ minLength: 1, maxLength: 50, examples: ['Rose'] }),
    price: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'What it counts in a battle, and in your own books',
    }),
    icon: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'An emoji or the URL of a picture',
      examples: ['🌹'],
    }),
  },
  { title: 'Gift', ...CLOSED },
);
export type Gift = Static<typeof Gift>;

/** Of an app that set none. */
export const DEFAULT_GIFTS: readonly Gift[] = [
  { giftId: 'rose', name: 'Rose', price: 1, icon: '🌹' },
  { giftId: 'heart', name: 'Heart', price: 5, icon: '❤️' },
  { giftId: 'cake', name: 'Cake', price: 20, icon: '🎂' },
  { giftId: 'rocket', name: 'Rocket', price: 100, icon: '🚀' },
  { giftId: 'crown', name: 'Crown', price: 500, icon: '👑' },
];

const GiftCount = Type.Object({ giftId: Type.String(), count: Count }, { title: 'GiftCount' });

const CloseReason = Type.Enum([...ROOM_CLOSE_REASONS], { type: 'string' });

const MembersPage = Type.Object(
  {
    count: Type.Integer({ minimum: 0, description: 'Users in the room, the anchor too; one in two tabs is one' }),
    items: Type.Array(RoomMember, { description: 'The anchor, moderators, then the others as they came' }),
    nextCursor: nullable(Type.String()),
  },
  { title: 'RoomMembersPage' },
);

const RoomParams = Type.Object({ roomId: Id }, CLOSED);
const MemberParams = Type.Object({ roomId: Id, userId: UserId }, CLOSED);
const forSeconds = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 365 * 86_400, description }));

/** Every method a client may call: the schemas of its params and its result. */
export const IM_METHODS = {
  'room.enter': method(
    Type.Object(
      {
        roomId: Id,
        seq: Type.Optional(
          Type.Integer({
            ...Seq,
            description: 'Of the last event seen: what was missed of this room comes as events, before the answer',
          }),
        ),
      },
      CLOSED,
    ),
    Type.Object(
      {
        room: Room,
        gifts: Type.Array(GiftCount, { description: 'Given in this room so far' }),
        self: Type.Object({
          role: RoomRole,
          mutedUntil: nullable(Time, { description: 'null: may speak' }),
        }),
        messages: Type.Array(RoomMessage, { description: 'The last ones, at most 50, oldest first; no likes' }),
        members: MembersPage,
        seq: Type.Integer({ ...Seq, description: 'Everything up to this event is in this answer' }),
        reload: Type.Boolean({ description: '`seq` is too long ago: what was missed is not known any more' }),
      },
      { title: 'RoomEntered' },
    ),
  ),
  'room.leave': method(RoomParams, Done),
  'room.members': method(
    Type.Object(
      {
        roomId: Id,
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
        cursor: Type.Optional(Type.String({ maxLength: 100 })),
      },
      CLOSED,
    ),
    MembersPage,
  ),
  'room.send': method(
    Type.Object(
      { roomId: Id, kind: Type.Enum([...SENT_KINDS], { type: 'string' }), body: Type.Optional(Type.Unknown()) },
      CLOSED,
    ),
    Type.Object({
      id: nullable(Type.String(), { description: 'Of the message; null: a like, which is summed with others' }),
    }),
  ),
  'room.mute': method(
    Type.Object({ ...MemberParams.properties, seconds: forSeconds('Default: until unmuted') }, CLOSED),
    Done,
  ),
  'room.unmute': method(MemberParams, Done),
  'room.kick': method(MemberParams, Done),
  'room.ban': method(
    Type.Object({ ...MemberParams.properties, seconds: forSeconds('Default: for good') }, CLOSED),
    Done,
  ),
  'room.unban': method(MemberParams, Done),
  'room.setRole': method(
    Type.Object({ ...MemberParams.properties, role: Type.Enum(['moderator', 'member'], { type: 'string' }) }, CLOSED),
    Done,
  ),
  'room.configure': method(
    Type.Object(
      {
        roomId: Id,
        slowModeSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 3600 })),
        muteAll: Type.Optional(Type.Boolean()),
      },
      CLOSED,
    ),
    Done,
  ),
  'room.gifts': method(RoomParams, Type.Object({ items: Type.Array(Gift) })),
  'im.ack': method(
    Type.Object({ signalIds: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 100 }) }, CLOSED),
    Done,
    { description: 'Says that signals arrived, so that they are not sent again' },
  ),
  'im.ping': method(Type.Object({}, CLOSED), Type.Object({ at: Time }), { description: 'Tells the server’s clock' }),
  ...COHOST_METHODS,
  ...PK_METHODS,
} as const;

export type ImMethodName = keyof typeof IM_METHODS;
export type ImParams<M extends ImMethodName> = Static<(typeof IM_METHODS)[M]['params']>;
export type ImResult<M extends ImMethodName> = Static<(typeof IM_METHODS)[M]['result']>;

/** Every event: the schema of its params. Those with a `signalId` are for this user, may come twice, and want an `im.ack`. */
export const IM_EVENTS = {
  /** The first message on every connection. */
  'im.ready': Type.Object({
    seq: Seq,
    session: Type.String({ description: 'Give it, with the last `seq`, when connecting again' }),
    user: nullable(UserProfile, { description: 'null: a visitor, who is not logged in and only watches' }),
    rooms: Type.Array(Id, { description: 'Rooms this connection is in again, as before it broke' }),
    reload: Type.Boolean({ description: 'What was missed is not known any more: enter the rooms again' }),
  }),
  'room.message': RoomMessage,
  'room.joined': roomEvent({
    user: RoomMember,
    others: Type.Integer({
      minimum: 0,
      description: 'So many more came, who are not told of one by one: the room is full of life',
    }),
    members: Count,
  }),
  'room.left': roomEvent({ user: RoomMember, others: Count, members: Count }),
  'room.stats': roomEvent({ viewers: Count, likes: Count, gifts: Type.Optional(Type.Array(GiftCount)) }),
  'room.changed': roomEvent({ room: Room }),
  'room.muted': roomEvent({ userId: UserId, mutedUntil: nullable(Time, { description: 'null: may speak again' }) }),
  'room.role': roomEvent({ userId: UserId, role: RoomRole }),
  'room.kicked': roomEvent({ userId: UserId, bannedUntil: nullable(Time, { description: 'null: only sent out' }) }),
  'room.closed': roomEvent({ reason: CloseReason, summary: nullable(RoomSummary) }),
  'stream.state': roomEvent({
    state: Type.String({ description: 'Of the room’s stream: live, interrupted or ended' }),
  }),
  ...COHOST_EVENTS,
  ...PK_EVENTS,
} as const;

export type ImEventName = keyof typeof IM_EVENTS;
export type ImEvent<E extends ImEventName> = Static<(typeof IM_EVENTS)[E]>;
