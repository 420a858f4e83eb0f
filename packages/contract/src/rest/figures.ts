import { type Static, Type } from 'typebox';
import { CLOSED, Id, nullable, PageQuery, pageOf, Time } from './shapes.ts';

const Count = Type.Integer({ minimum: 0 });
const VideoCodec = Type.Enum(['h264', 'h265', 'av1', 'vp8', 'vp9'], { type: 'string' });
const AudioCodec = Type.Enum(['aac', 'mp3', 'opus'], { type: 'string' });

export const VideoFigures = Type.Object(
  {
    codec: VideoCodec,
    profile: Type.Optional(Type.String()),
    width: Count,
    height: Count,
    fps: Type.Number({ minimum: 0 }),
    bitrateKbps: Type.Number({ minimum: 0 }),
    gopMs: Type.Number({ minimum: 0, description: 'From one key frame to the next' }),
  },
  { title: 'VideoFigures' },
);
export type VideoFigures = Static<typeof VideoFigures>;

export const AudioFigures = Type.Object(
  { codec: AudioCodec, sampleRate: Count, channels: Count, bitrateKbps: Type.Number({ minimum: 0 }) },
  { title: 'AudioFigures' },
);
export type AudioFigures = Static<typeof AudioFigures>;

export const ViewersByProtocol = Type.Object(
  {
    rtmp: Type.Optional(Count),
    flv: Type.Optional(Count),
    'ws-flv': Type.Optional(Count),
    hls: Type.Optional(Count),
    whep: Type.Optional(Count),
  },
  { title: 'ViewersByProtocol' },
);

/** What a channel carries while it is live. */
export const LiveFigures = Type.Object({
  source: Type.Enum(['direct', 'mix', 'picture'], {
    type: 'string',
    description: "What viewers get. direct: the publisher's own stream; picture: one that stands in for it",
  }),
  protocol: Type.Enum(['rtmp', 'rtmps', 'whip', 'internal'], { type: 'string', description: 'How it is published' }),
  since: Time,
  video: nullable(VideoFigures),
  audio: nullable(AudioFigures),
  bitrateKbps: Type.Number({ minimum: 0, description: 'Video and audio together' }),
  viewers: Count,
  viewersByProtocol: ViewersByProtocol,
});
export type LiveFigures = Static<typeof LiveFigures>;

export const FigureSample = Type.Object(
  {
    at: Time,
    viewers: Count,
    viewersByProtocol: ViewersByProtocol,
    videoKbps: Count,
    audioKbps: Count,
    fps: Type.Number({ minimum: 0 }),
    gopMs: Count,
    outKbps: Type.Integer({ minimum: 0, description: 'Sent to all viewers together' }),
    framesDropped: Type.Integer({ minimum: 0, description: 'That slow viewers did not get, in these ten seconds' }),
  },
  { title: 'FigureSample' },
);
export type FigureSample = Static<typeof FigureSample>;

export const ChannelFigures = Type.Object(
  {
    state: Type.Enum(['idle', 'live', 'interrupted'], { type: 'string' }),
    now: nullable(Type.Object(LiveFigures.properties), { description: 'null while idle' }),
    samples: Type.Array(FigureSample, { description: 'The last hour, one every ten seconds, oldest first' }),
  },
  { title: 'ChannelFigures' },
);
export type ChannelFigures = Static<typeof ChannelFigures>;

export const Session = Type.Object(
  {
    id: Id,
    stream: Type.String(),
    protocol: Type.String(),
    startedAt: Time,
    endedAt: nullable(Time, { description: 'null: still on' }),
    endReason: nullable(Type.String(), { examples: ['unpublished', 'vanished', 'disconnected', 'forbidden'] }),
    durationSeconds: Count,
    peakViewers: Count,
    videoCodec: nullable(VideoCodec),
    width: nullable(Count),
    height: nullable(Count),
    audioCodec: nullable(AudioCodec),
  },
  { title: 'Session', description: "One publisher's time on the channel" },
);
export type Session = Static<typeof Session>;

export const SessionList = pageOf(Session, 'SessionList');
export const SessionQuery = Type.Object({ ...PageQuery.properties }, CLOSED);
