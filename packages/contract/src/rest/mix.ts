import { type Static, Type } from 'typebox';
import { MAX_MIX_INPUTS, MIX_TEMPLATES } from '../mix.ts';
import { STREAM_NAME } from '../streams.ts';
import { PlayUrls, StreamName } from './channel.ts';
import { PictureId } from './picture.ts';
import { CLOSED, ID_PATTERN, Id, NAME_PATTERN, nullable, PageQuery, pageOf, Time } from './shapes.ts';

/*
 * What developers write is taken liberally (an input may be a stream's name alone, a layout a template's); what is answered
 * is written out.
 */

const InputId = Type.String({
  pattern: '^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$',
  description: 'What tiles refer to, and by what an input stays the same one after a change; made when left out',
  examples: ['anchor'],
});
const Color = Type.String({
  pattern: '^(#|0x)([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$',
  description: '`#rrggbb`; also `#rgb` and `0xrrggbb`',
  examples: ['#102030'],
});
const Label = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: NAME_PATTERN,
  description: 'Name written on the tile, in any language',
  examples: ['Anna 安娜'],
});
const Template = Type.Enum([...MIX_TEMPLATES], {
  type: 'string',
  description: 'Which tile an input gets follows from its place in `inputs`',
});

const sourceFields = {
  stream: Type.Optional(StreamName),
  picture: Type.Optional(PictureId),
  color: Type.Optional(Color),
};
const inputFields = {
  label: Type.Optional(nullable(Label)),
  avatar: Type.Optional(nullable(PictureId, { description: 'Shown while there is no video' })),
  volume: Type.Optional(Type.Number({ minimum: 0, maximum: 4, default: 1, description: '1: as it comes' })),
  muted: Type.Optional(Type.Boolean({ default: false, description: 'Not heard' })),
  video: Type.Optional(
    Type.Boolean({ default: true, description: 'false: sound only, the tile shows avatar and name' }),
  ),
  mixMinus: Type.Optional(
    Type.Boolean({ default: false, description: 'Also make a stream of the mix without the sound of this input' }),
  ),
};

export const MixInputWish = Type.Object(
  { id: Type.Optional(InputId), ...sourceFields, ...inputFields },
  { title: 'MixInputWish', description: 'One of `stream`, `picture` and `color`, and the rest as wanted', ...CLOSED },
);
export type MixInputWish = Static<typeof MixInputWish>;

const InputWish = Type.Union([StreamName, MixInputWish], { description: "A stream's name, or more" });
export const MixInputWishes = Type.Array(InputWish, { minItems: 1, maxItems: MAX_MIX_INPUTS });
export type MixInputWishes = Static<typeof MixInputWishes>;

const Place = Type.Number({ minimum: 0, maximum: 1920 });
const Length = Type.Number({ exclusiveMinimum: 0, maximum: 1920 });
const Fraction = Type.Number({ minimum: 0, maximum: 1 });

export const MixTileWish = Type.Object(
  {
    input: Type.Union([StreamName, Type.Integer({ minimum: 0, maximum: MAX_MIX_INPUTS - 1 })], {
      description: "The input's id, its stream, or its place in `inputs`, from 0",
    }),
    x: Place,
    y: Place,
    width: Length,
    height: Length,
    unit: Type.Optional(
      Type.Enum(['px', 'fraction'], {
        type: 'string',
        description: 'Left out: fractions of the canvas when all four are at most 1, px otherwise',
      }),
    ),
    layer: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 16,
        description: 'Higher ones cover lower ones; by the order of the list when left out',
      }),
    ),
    fit: Type.Optional(
      Type.Enum(['cover', 'contain'], {
        type: 'string',
        default: 'cover',
        description: 'cover: fills the tile, cut at two sides; contain: all of it, with bars',
      }),
    ),
    crop: Type.Optional(
      nullable(Type.Object({ x: Fraction, y: Fraction, width: Fraction, height: Fraction }, CLOSED), {
        description: 'The part of the input that is shown, in fractions of it',
      }),
    ),
    radius: Type.Optional(Type.Integer({ minimum: 0, maximum: 960, default: 0, description: 'Of the corners, px' })),
    border: Type.Optional(
      nullable(Type.Object({ width: Type.Integer({ minimum: 1, maximum: 64 }), color: Type.Optional(Color) }, CLOSED), {
        description: 'White unless it says otherwise',
      }),
    ),
    label: Type.Optional(Type.Boolean({ default: true, description: "Whether the input's label is drawn" })),
  },
  { title: 'MixTileWish', ...CLOSED },
);
export type MixTileWish = Static<typeof MixTileWish>;

const TileWishes = Type.Array(MixTileWish, { minItems: 1, maxItems: MAX_MIX_INPUTS });
export const MixLayoutWish = Type.Union(
  [Template, TileWishes, Type.Object({ template: Type.Optional(Template), tiles: Type.Optional(TileWishes) }, CLOSED)],
  { description: "A template's name, or a list of tiles" },
);
export type MixLayoutWish = Static<typeof MixLayoutWish>;

const side = (pixels: number) =>
  Type.Optional(Type.Integer({ minimum: 16, maximum: 1920, multipleOf: 2, default: pixels }));
const encoding = {
  width: side(1280),
  height: side(720),
  fps: Type.Optional(Type.Integer({ minimum: 1, maximum: 60, default: 25 })),
  bitrateKbps: Type.Optional(Type.Integer({ minimum: 50, maximum: 20_000, default: 1500, description: 'Video' })),
  audioBitrateKbps: Type.Optional(Type.Integer({ minimum: 16, maximum: 320, default: 128 })),
  gopSeconds: Type.Optional(
    Type.Number({ minimum: 0.5, maximum: 10, default: 2, description: 'From one key frame to the next' }),
  ),
  preset: Type.Optional(
    Type.Enum(['quality', 'economy'], {
      type: 'string',
      default: 'quality',
      description: 'economy: a quarter less CPU; as good for faces, worse where edges and text move',
    }),
  ),
};

export const MixOutputWish = Type.Object(
  {
    stream: Type.Optional(
      Type.String({
        pattern: STREAM_NAME.source,
        description:
          "A new stream's name; or the stream of a channel, whose viewers then see the mix. Left out: an unguessable name is made.",
      }),
    ),
    channelId: Type.Optional(
      Type.String({ pattern: ID_PATTERN, description: 'A channel whose viewers are to see the mix' }),
    ),
    channels: Type.Optional(
      Type.Array(Type.String({ pattern: STREAM_NAME.source, description: "A channel's id or stream" }), {
        maxItems: 16,
        description: 'Several of them, as for a PK',
      }),
    ),
    playAuth: Type.Optional(
      Type.Enum(['open', 'signed'], {
        type: 'string',
        description: "Of the mix's own stream. Left out: signed when one of its channels is",
      }),
    ),
    ...encoding,
    background: Type.Optional(Color),
    backgroundPicture: Type.Optional(nullable(PictureId)),
    watermark: Type.Optional(
      nullable(Type.Object({ picture: PictureId, x: Place, y: Place, width: Length }, CLOSED), {
        description: 'Drawn over everything; px, or fractions of the canvas when all three are at most 1',
      }),
    ),
    highlightSpeaker: Type.Optional(Type.Boolean({ default: false, description: 'A frame around whoever speaks' })),
    transitionMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 5000,
        default: 300,
        description: 'How long tiles slide when the layout changes',
      }),
    ),
  },
  { title: 'MixOutputWish', ...CLOSED },
);
export type MixOutputWish = Static<typeof MixOutputWish>;

export const CreateMix = Type.Object(
  {
    inputs: MixInputWishes,
    layout: Type.Optional(MixLayoutWish),
    output: Type.Optional(MixOutputWish),
    appId: Type.Optional(Id),
  },
  {
    title: 'CreateMix',
    ...CLOSED,
    examples: [
      { inputs: ['anna', 'bert'], layout: 'side-by-side' },
      {
        inputs: ['anna', { stream: 'bert', label: 'Bert', volume: 0.8 }],
        layout: [
          { input: 'anna', x: 0, y: 0, width: 1, height: 1 },
          { input: 'bert', x: 0.7, y: 0.1, width: 0.25, height: 0.25, layer: 2, radius: 16 },
        ],
        output: { stream: 'anna', width: 1280, height: 720, bitrateKbps: 2000 },
      },
    ],
  },
);
export type CreateMix = Static<typeof CreateMix>;

const InputRef = Type.String({ pattern: STREAM_NAME.source, description: "An input's id or stream" });
export const MixInputsChange = Type.Union(
  [
    MixInputWishes,
    Type.Object(
      {
        add: Type.Optional(Type.Array(InputWish, { maxItems: MAX_MIX_INPUTS })),
        remove: Type.Optional(Type.Array(InputRef, { maxItems: MAX_MIX_INPUTS })),
        swap: Type.Optional(Type.Array(InputRef, { minItems: 2, maxItems: 2, description: 'These two change places' })),
        set: Type.Optional(
          Type.Array(
            Type.Object({ input: InputRef, ...sourceFields, ...inputFields }, { title: 'MixInputChange', ...CLOSED }),
            { maxItems: MAX_MIX_INPUTS, description: 'Changes these fields of these inputs' },
          ),
        ),
      },
      CLOSED,
    ),
  ],
  { description: 'All of them anew, or what changes. Done in the order remove, add, set, swap.' },
);
export type MixInputsChange = Static<typeof MixInputsChange>;

export const UpdateMix = Type.Object(
  {
    inputs: Type.Optional(MixInputsChange),
    layout: Type.Optional(MixLayoutWish),
    output: Type.Optional(MixOutputWish),
  },
  {
    title: 'UpdateMix',
    description: 'What is left out stays as it is',
    ...CLOSED,
    examples: [{ layout: 'pip-top-right' }, { inputs: { add: ['carl'], remove: ['bert'] }, layout: 'grid' }],
  },
);
export type UpdateMix = Static<typeof UpdateMix>;

const MinusStream = Type.Object(
  { stream: Type.String(), play: PlayUrls },
  { title: 'MixMinus', description: 'The mix without the sound of this input, for whom it is' },
);
const InputStatus = Type.Object(
  {
    state: Type.Enum(['waiting', 'live', 'frozen', 'gone', 'broken'], {
      type: 'string',
      description:
        'waiting: has sent nothing yet; frozen: nothing new for a moment; gone: nothing for 2 s, the placeholder shows; broken: cannot be decoded',
    }),
    delayMs: nullable(Type.Number(), { description: "From a frame's arrival to its being in the output" }),
    bufferMs: nullable(Type.Number(), { description: 'Sound waiting to be mixed' }),
    width: nullable(Type.Integer()),
    height: nullable(Type.Integer()),
    fps: nullable(Type.Number()),
    level: Type.Number({ description: 'How loud, 0 to 1' }),
  },
  { title: 'MixInputStatus' },
);
export const MixInputShown = Type.Object(
  {
    id: InputId,
    ...sourceFields,
    label: nullable(Type.String()),
    avatar: nullable(PictureId),
    volume: Type.Number(),
    muted: Type.Boolean(),
    video: Type.Boolean(),
    mixMinus: Type.Boolean(),
    minus: nullable(MinusStream, { description: 'null without `mixMinus`' }),
    status: nullable(InputStatus, { description: 'null while no mixer tells' }),
  },
  { title: 'MixInput' },
);
export type MixInputShown = Static<typeof MixInputShown>;

const ShownTile = Type.Object(
  {
    input: InputId,
    unit: Type.Enum(['px', 'fraction'], { type: 'string' }),
    x: Type.Number(),
    y: Type.Number(),
    width: Type.Number(),
    height: Type.Number(),
    layer: Type.Integer(),
    fit: Type.Enum(['cover', 'contain'], { type: 'string' }),
    crop: nullable(Type.Object({ x: Fraction, y: Fraction, width: Fraction, height: Fraction })),
    radius: Type.Number(),
    border: nullable(Type.Object({ width: Type.Number(), color: Type.String() })),
    label: Type.Boolean(),
  },
  { title: 'MixTile' },
);

export const Mix = Type.Object(
  {
    id: Id,
    appId: Id,
    accountId: Id,
    version: Type.Integer({ description: 'Counts up with each change' }),
    state: Type.Enum(['waiting', 'starting', 'running', 'passing', 'sleeping', 'failed', 'suspended'], {
      type: 'string',
      description:
        'waiting: for a mixer that has room; starting; running; passing: one input, passed through as it is; sleeping: nobody watches, the first viewer wakes it; failed: see `detail`; suspended: its account may not go live',
    }),
    detail: nullable(Type.String(), { description: 'What is the matter, when something is' }),
    stream: StreamName,
    play: PlayUrls,
    channels: Type.Array(
      Type.Object({
        id: Id,
        stream: StreamName,
        showing: Type.Boolean({ description: 'Its viewers see the mix now' }),
      }),
      { description: 'Channels whose program it is' },
    ),
    inputs: Type.Array(MixInputShown),
    layout: Type.Union([Template, Type.Array(ShownTile)]),
    output: Type.Object(
      {
        width: Type.Integer(),
        height: Type.Integer(),
        fps: Type.Integer(),
        bitrateKbps: Type.Integer(),
        audioBitrateKbps: Type.Integer(),
        gopSeconds: Type.Number(),
        preset: Type.Enum(['quality', 'economy'], { type: 'string' }),
        playAuth: Type.Enum(['open', 'signed'], { type: 'string' }),
        background: Type.String(),
        backgroundPicture: nullable(PictureId),
        watermark: nullable(
          Type.Object({ picture: PictureId, x: Type.Number(), y: Type.Number(), width: Type.Number() }),
        ),
        highlightSpeaker: Type.Boolean(),
        transitionMs: Type.Integer(),
      },
      { title: 'MixOutput' },
    ),
    status: nullable(
      Type.Object(
        {
          mixer: Type.String({ description: 'The process that makes it' }),
          version: Type.Integer({
            description: 'What it makes; lower than that of the mix while a change is on its way',
          }),
          fps: Type.Number({ description: 'Reached over the last seconds' }),
          frames: Type.Integer(),
          lateFrames: Type.Integer({ description: 'More than one frame late' }),
          cpu: Type.Number({ description: '1: a whole core' }),
          estimatedCpu: Type.Number({ description: 'What it was let in for' }),
        },
        { title: 'MixStatus' },
      ),
      { description: 'null while no mixer tells' },
    ),
    createdAt: Time,
  },
  { title: 'Mix' },
);
export type Mix = Static<typeof Mix>;

export const MixList = pageOf(Mix, 'MixList');
export const MixQuery = Type.Object({ ...PageQuery.properties, appId: Type.Optional(Id) }, CLOSED);
