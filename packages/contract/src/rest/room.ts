import { type Static, Type } from 'typebox';
import { PlayUrls, PushUrls, StreamName } from './channel.ts';
import { UserId } from './conference.ts';
import { CLOSED, Id, nullable, PageQuery, pageOf, Time } from './shapes.ts';
import { PictureRef, PictureUrl, UserProfile, VISIBLE_TEXT } from './user.ts';

const Count = Type.Integer({ minimum: 0 });

const Title = Type.String({ minLength: 1, maxLength: 100, pattern: VISIBLE_TEXT, examples: ['Evening songs'] });
const Location = Type.String({ minLength: 1, maxLength: 64, pattern: VISIBLE_TEXT, examples: ['Hangzhou'] });
const Tag = Type.String({ minLength: 1, maxLength: 24, pattern: VISIBLE_TEXT, examples: ['music'] });
const Tags = Type.Array(Tag, { maxItems: 5, uniqueItems: true });

/** preparing: nothing was broadcast yet. interrupted: the broadcast stopped and may come back. */
export const ROOM_STATES = ['preparing', 'live', 'interrupted', 'closed'] as const;
export type RoomState = (typeof ROOM_STATES)[number];

export const RoomStateSchema = Type.Enum([...ROOM_STATES], {
  type: 'string',
  description:
    'preparing: nothing was broadcast yet; interrupted: the broadcast stopped and may come back; closed: over for good',
});

/** anchor, operator: ended by them. vanished: 90 s without a heartbeat and a stream. account: suspended, in arrears, deleted. */
export const ROOM_CLOSE_REASONS = ['anchor', 'operator', 'vanished', 'account'] as const;
export type RoomCloseReason = (typeof ROOM_CLOSE_REASONS)[number];

const CloseReason = Type.Enum([...ROOM_CLOSE_REASONS], {
  type: 'string',
  description:
    'anchor, operator: ended by them; vanished: 90 s without a heartbeat and without a stream; account: its account may not broadcast any more',
});

const Mode = Type.Enum(['server-mix', 'client-mix'], {
  type: 'string',
  description: "Who composes the picture while co-hosting: the server, or the anchor's own device",
});

export const RoomSettings = Type.Object(
  {
    slowModeSeconds: Type.Integer({
      minimum: 0,
      maximum: 3600,
      description: 'Between two messages of one user; 0: off',
    }),
    muteAll: Type.Boolean({ description: 'Only the anchor and moderators may write' }),
    coHosting: Type.Boolean({ description: 'Viewers may ask to come on air' }),
  },
  { title: 'RoomSettings' },
);
export type RoomSettings = Static<typeof RoomSettings>;
const SomeSettings = Type.Partial(RoomSettings, { title: 'SomeRoomSettings', ...CLOSED });

/** Whole numbers can be counted up and down, texts only set. */
const CustomValue = Type.Union([
  Type.Integer({ minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  Type.String({ maxLength: 1024 }),
]);
export const RoomCustom = Type.Record(Type.String(), CustomValue, {
  title: 'RoomCustom',
  description: 'Fields of your own: at most 32',
});
export type RoomCustom = Record<string, number | string>;

export const RoomSummary = Type.Object(
  {
    durationSeconds: Type.Integer({ minimum: 0, description: 'On air' }),
    peakViewers: Count,
    totalViewers: Type.Integer({ minimum: 0, description: 'Different viewers that were there' }),
    likes: Count,
  },
  { title: 'RoomSummary' },
);
export type RoomSummary = Static<typeof RoomSummary>;

export const Room = Type.Object(
  {
    id: Id,
    appId: Id,
    title: Type.String(),
    cover: nullable(PictureUrl, { description: 'null: show the thumbnail, or draw one' }),
    thumbnail: nullable(PictureUrl, {
      description:
        'A small JPEG of what is on air, renewed some 20 s after it was asked for; 404: there is none to be had. null: not on air, or not for the caller',
    }),
    location: nullable(Type.String()),
    tags: Type.Array(Type.String()),
    mode: Mode,
    state: RoomStateSchema,
    anchor: UserProfile,
    channel: Type.Object(
      {
        id: Id,
        stream: StreamName,
        push: Type.Optional(PushUrls),
        play: PlayUrls,
      },
      { description: '`push`: only for the anchor, its app and the operator; signed' },
    ),
    viewers: Type.Integer({ minimum: 0, description: 'Who watches now, logged in or not; one with two tabs is one' }),
    likes: Count,
    settings: RoomSettings,
    custom: RoomCustom,
    createdAt: Time,
    liveSince: nullable(Time, { description: 'When it went on air first; null: not yet' }),
    closedAt: nullable(Time),
    closeReason: nullable(CloseReason),
    summary: nullable(RoomSummary, { description: 'Of a closed room' }),
  },
  { title: 'Room' },
);
export type Room = Static<typeof Room>;

export const CreateRoom = Type.Object(
  {
    title: Title,
    cover: Type.Optional(nullable(PictureRef)),
    location: Type.Optional(nullable(Location)),
    tags: Type.Optional(Tags),
    mode: Type.Optional(Mode),
    settings: Type.Optional(SomeSettings),
  },
  { title: 'CreateRoom', ...CLOSED },
);
export type CreateRoom = Static<typeof CreateRoom>;

export const UpdateRoom = Type.Object(
  {
    title: Type.Optional(Title),
    cover: Type.Optional(nullable(PictureRef)),
    location: Type.Optional(nullable(Location)),
    tags: Type.Optional(Tags),
    mode: Type.Optional(Mode),
    settings: Type.Optional(SomeSettings),
  },
  { title: 'UpdateRoom', ...CLOSED },
);
export type UpdateRoom = Static<typeof UpdateRoom>;

/** What signs a play address, and what makes it another one. */
export const SignedQuery = Type.Object(
  {
    txSecret: Type.Optional(Type.String({ maxLength: 64 })),
    txTime: Type.Optional(Type.String({ maxLength: 16 })),
    at: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,16}$',
        description: 'Any number: pages show a picture anew when its address is another one',
      }),
    ),
  },
  CLOSED,
);

export const RoomList = pageOf(Room, 'RoomList');

export const RoomQuery = Type.Object(
  {
    ...PageQuery.properties,
    sort: Type.Optional(
      Type.Enum(['newest', 'viewers'], {
        type: 'string',
        default: 'newest',
        description: 'viewers: most watched first',
      }),
    ),
    search: Type.Optional(Type.String({ maxLength: 100, description: 'Part of the title or of the nickname' })),
    tag: Type.Optional(Tag),
    anchorId: Type.Optional(UserId),
    stream: Type.Optional(StreamName),
    state: Type.Optional(
      Type.Enum([...ROOM_STATES, 'open', 'all'], {
        type: 'string',
        default: 'open',
        description: 'open: all but closed. `closed` and `all` are for the operator, an app, and an anchor for its own',
      }),
    ),
    appId: Type.Optional(Id),
  },
  CLOSED,
);

/** How the room goes on, for the anchor's page. */
export const RoomPulse = Type.Object(
  { state: RoomStateSchema, viewers: Count, likes: Count, onAirSeconds: Count },
  { title: 'RoomPulse' },
);
export type RoomPulse = Static<typeof RoomPulse>;

export const ChangeRoomCustom = Type.Object(
  {
    op: Type.Enum(['SET', 'INC', 'DEC'], { type: 'string' }),
    key: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$', examples: ['score'] }),
    value: Type.Optional(
      nullable(CustomValue, {
        description: 'SET: the new value, null takes the field away; INC and DEC: by how much, else 1',
      }),
    ),
  },
  { title: 'ChangeRoomCustom', ...CLOSED },
);
export type ChangeRoomCustom = Static<typeof ChangeRoomCustom>;

export const RoomCustomAnswer = Type.Object({ custom: RoomCustom }, { title: 'RoomCustomAnswer' });
