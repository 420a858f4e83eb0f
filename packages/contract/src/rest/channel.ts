import { type Static, Type } from 'typebox';
import { STREAM_NAME } from '../streams.ts';
import { LiveFigures } from './figures.ts';
import { PictureId } from './picture.ts';
import { CLOSED, Id, Name, nullable, PageQuery, pageOf, Time } from './shapes.ts';

export const StreamName = Type.String({
  pattern: STREAM_NAME.source,
  description: 'What stands in push and play addresses: letters, digits, `_`, `-`, `.`',
  examples: ['show-1'],
});
const PushAuth = Type.Enum(['signed', 'open'], {
  type: 'string',
  description: 'signed: a push URL needs txSecret and txTime; open: the name alone is enough',
});
const PlayAuth = Type.Enum(['open', 'signed'], {
  type: 'string',
  description: 'signed: a play URL needs txSecret and txTime made with a play key of the app',
});
const Listed = Type.Boolean({ description: 'Shown among the live channels of the front page' });
const ExpiresInSeconds = Type.Integer({
  minimum: 1,
  maximum: 10 * 366 * 86_400,
  default: 30 * 86_400,
  description: 'How long the signed URLs can be used to begin',
});

export const PushUrls = Type.Object(
  {
    rtmp: Type.String({ examples: ['rtmp://live.example.org/live/show-1?txSecret=…&txTime=5C271099'] }),
    rtmps: Type.Optional(Type.String({ description: 'When the server has a certificate' })),
    whip: Type.String({ description: 'WebRTC' }),
    server: Type.String({ description: 'For encoders that ask for a server and a stream key apart, as OBS does' }),
    streamKey: Type.String(),
    expiresAt: nullable(Time, { description: 'null: open push, no signature' }),
  },
  { title: 'PushUrls' },
);
export type PushUrls = Static<typeof PushUrls>;

export const PlayUrls = Type.Object(
  {
    rtmp: Type.String(),
    rtmps: Type.Optional(Type.String({ description: 'When the server has a certificate' })),
    flv: Type.String({ description: 'HTTP-FLV' }),
    wsFlv: Type.String({ description: 'FLV over WebSocket' }),
    hls: Type.String({ description: 'HLS and LL-HLS' }),
    whep: Type.String({ description: 'WebRTC' }),
    watch: Type.String({ description: 'The watch page' }),
    expiresAt: nullable(Time, { description: 'null: not signed' }),
  },
  { title: 'PlayUrls' },
);
export type PlayUrls = Static<typeof PlayUrls>;

const FallbackPicture = nullable(PictureId, {
  description: 'Shown to viewers, for an hour at most, while the publisher is gone without a goodbye',
});

/** What viewers of a channel are to get. */
export const ChannelProgram = Type.Object(
  {
    source: Type.Enum(['direct', 'mix', 'picture'], {
      type: 'string',
      description: "direct: the publisher's own stream",
    }),
    mixId: nullable(Id, { description: 'Of `mix`' }),
    picture: nullable(PictureId, { description: 'Of `picture`' }),
  },
  { title: 'ChannelProgram' },
);
export type ChannelProgram = Static<typeof ChannelProgram>;

export const SetProgram = Type.Object(
  {
    source: Type.Enum(['direct', 'mix', 'picture'], { type: 'string' }),
    mixId: Type.Optional(nullable(Id, { description: 'Needed for `mix`' })),
    picture: Type.Optional(nullable(PictureId, { description: 'Needed for `picture`' })),
  },
  {
    title: 'SetProgram',
    ...CLOSED,
    examples: [{ source: 'direct' }, { source: 'mix', mixId: 'mix_k3v9x2m4q7w8z5t6' }],
  },
);

export const Channel = Type.Object(
  {
    id: Id,
    appId: Id,
    accountId: Id,
    name: Name,
    stream: StreamName,
    state: Type.Enum(['idle', 'live', 'interrupted'], {
      type: 'string',
      description:
        'live: viewers get something, from the publisher, a mix or a picture; interrupted: the publisher vanished and its viewers wait for it to come back',
    }),
    program: ChannelProgram,
    fallbackPicture: FallbackPicture,
    pushAuth: PushAuth,
    playAuth: PlayAuth,
    listed: Listed,
    push: PushUrls,
    play: PlayUrls,
    ...Type.Partial(LiveFigures).properties,
    createdAt: Time,
  },
  { title: 'Channel', description: 'From `source` to `viewersByProtocol`: present while live or interrupted.' },
);
export type Channel = Static<typeof Channel>;

export const CreateChannel = Type.Object(
  {
    name: Name,
    stream: Type.Optional(StreamName),
    appId: Type.Optional(Id),
    pushAuth: Type.Optional(PushAuth),
    playAuth: Type.Optional(PlayAuth),
    listed: Type.Optional(Listed),
    fallbackPicture: Type.Optional(FallbackPicture),
    expiresInSeconds: Type.Optional(ExpiresInSeconds),
  },
  { title: 'CreateChannel', ...CLOSED },
);
export type CreateChannel = Static<typeof CreateChannel>;

export const UpdateChannel = Type.Object(
  {
    name: Type.Optional(Name),
    pushAuth: Type.Optional(PushAuth),
    playAuth: Type.Optional(PlayAuth),
    listed: Type.Optional(Listed),
    fallbackPicture: Type.Optional(FallbackPicture),
  },
  { title: 'UpdateChannel', ...CLOSED },
);
export type UpdateChannel = Static<typeof UpdateChannel>;

export const ChannelList = pageOf(Channel, 'ChannelList');
export const ChannelQuery = Type.Object(
  {
    ...PageQuery.properties,
    appId: Type.Optional(Id),
    stream: Type.Optional(StreamName),
    rooms: Type.Optional(
      Type.Boolean({ default: false, description: 'The channels that were made for rooms, in place of the others' }),
    ),
  },
  CLOSED,
);

export const SignUrls = Type.Object(
  { expiresInSeconds: Type.Optional(ExpiresInSeconds) },
  { title: 'SignUrls', ...CLOSED },
);
export const SignedUrls = Type.Object({ push: PushUrls, play: PlayUrls }, { title: 'SignedUrls' });
