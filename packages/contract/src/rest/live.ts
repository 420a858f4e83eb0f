import { type Static, Type } from 'typebox';
import { PlayUrls, StreamName } from './channel.ts';
import { AudioFigures, VideoFigures } from './figures.ts';
import { CLOSED, nullable, pageOf, Time } from './shapes.ts';

/** What anybody may know of a channel: for the front page and the watch page. */
export const LiveChannel = Type.Object(
  {
    stream: StreamName,
    name: Type.String(),
    state: Type.Enum(['live', 'interrupted', 'ended', 'idle'], {
      type: 'string',
      description: 'ended: it was live within the last hour',
    }),
    since: nullable(Time, { description: 'When it went live; null while it is not' }),
    endedAt: nullable(Time, { description: 'When it was last live, of `ended`' }),
    viewers: Type.Integer({ minimum: 0 }),
    video: nullable(VideoFigures),
    audio: nullable(AudioFigures),
    playAuth: Type.Enum(['open', 'signed'], {
      type: 'string',
      description: 'signed: these URLs still need the signature that the owner of the channel gives out',
    }),
    play: PlayUrls,
  },
  { title: 'LiveChannel' },
);
export type LiveChannel = Static<typeof LiveChannel>;

export const LiveChannelList = pageOf(LiveChannel, 'LiveChannelList');
export const StreamParams = Type.Object({ stream: StreamName }, CLOSED);

export const ServerInfo = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    http: Type.String({
      description: 'Base of web pages, API and HTTP play addresses',
      examples: ['http://live.example.org:8080'],
    }),
    rtmp: Type.String({ examples: ['rtmp://live.example.org'] }),
    rtmps: nullable(Type.String()),
    features: Type.Object({ webrtc: Type.Boolean(), hls: Type.Boolean(), flv: Type.Boolean(), rtmp: Type.Boolean() }),
    publishGraceMs: Type.Integer({ description: 'How long viewers wait for a publisher that vanished' }),
  },
  { title: 'ServerInfo' },
);
export type ServerInfo = Static<typeof ServerInfo>;
