import { type Static, Type } from 'typebox';
import { CLOSED, ID_PATTERN, Id, pageOf, Time } from './shapes.ts';

export const PictureId = Type.String({
  pattern: '^pic_[0-9a-f]{40}$',
  description: 'Of an uploaded picture: the same content has the same id',
  examples: ['pic_0a4d55a8d778e5022fab701977c5d840bbc486d0'],
});

export const Picture = Type.Object(
  {
    id: PictureId,
    appId: Id,
    accountId: Id,
    type: Type.Enum(['image/png', 'image/jpeg', 'image/webp'], { type: 'string' }),
    width: Type.Integer({ minimum: 1 }),
    height: Type.Integer({ minimum: 1 }),
    bytes: Type.Integer({ minimum: 1 }),
    url: Type.String({
      description: 'Open to all; never changes',
      examples: ['https://live.example.org/v1/pictures/pic_…'],
    }),
    createdAt: Time,
  },
  { title: 'Picture' },
);
export type Picture = Static<typeof Picture>;

export const PictureList = pageOf(Picture, 'PictureList');
export const PictureParams = Type.Object({ id: PictureId }, CLOSED);
export const PictureQuery = Type.Object(
  { appId: Type.Optional(Type.String({ pattern: ID_PATTERN, description: "With the operator's key: whose it is" })) },
  CLOSED,
);
