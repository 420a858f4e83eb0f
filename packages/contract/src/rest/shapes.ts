import { type Static, type TSchema, type TSchemaOptions, Type } from 'typebox';
import { ERRORS, type ErrorName } from '../errors.ts';

/*
 * Shapes shared by all REST calls. Schemas with a `title` become named components of the OpenAPI document. Objects that
 * come from outside are closed (`additionalProperties: false`): an unknown field is an error that names it.
 */

export const CLOSED = { additionalProperties: false } as const;

/** Visible text on one line, not only spaces. */
export const NAME_PATTERN = '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]+$';

export const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$';
export const Id = Type.String({ pattern: ID_PATTERN, examples: ['ch_k3v9x2m4q7w8z5t1'] });
export const Time = Type.String({
  format: 'date-time',
  description: 'RFC 3339, UTC',
  examples: ['2026-03-31T08:15:00.000Z'],
});
export const Name = Type.String({ minLength: 1, maxLength: 100, pattern: NAME_PATTERN });
export const Day = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  description: 'A day, UTC',
  examples: ['2026-03-31'],
});
export const Bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const nullable = <T extends TSchema>(schema: T, options: TSchemaOptions = {}) =>
  Type.Union([schema, Type.Null()], options);

export const IdParams = Type.Object({ id: Id }, CLOSED);

export const PageQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'At most so many items' })),
    cursor: Type.Optional(Type.String({ maxLength: 256, description: '`nextCursor` of the page before' })),
  },
  CLOSED,
);
export type PageQuery = Static<typeof PageQuery>;

/** A page of a list, newest first. */
export const pageOf = <T extends TSchema>(item: T, title: string) =>
  Type.Object(
    {
      items: Type.Array(item),
      nextCursor: nullable(Type.String(), { description: 'Give it as `cursor` for the next page; null on the last' }),
    },
    { title },
  );

export const ErrorAnswer = Type.Object(
  {
    error: Type.Object({
      code: Type.Integer({ examples: [ERRORS.CHANNEL_QUOTA_EXCEEDED.code] }),
      name: Type.Enum(Object.keys(ERRORS) as ErrorName[], { type: 'string' }),
      message: Type.String({ description: 'What is wrong and what to do, for a person' }),
      requestId: Type.Optional(Type.String({ description: 'Also in the x-request-id header and in the server log' })),
      field: Type.Optional(
        Type.String({ description: 'The field at fault, as a JSON pointer without the first slash' }),
      ),
    }),
  },
  { title: 'Error' },
);
