import { type TSchema, type TSchemaOptions, Type } from 'typebox';
import { Id } from './rest/shapes.ts';

/*
 * What the methods and events of all domains on the chat WebSocket are made of.
 */

/** Number of an event: grows over all events of a server, across its restarts. Larger than 2^50, exact in a double. */
export const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, examples: [1_774_944_900_000_000] });
export const Count = Type.Integer({ minimum: 0 });
export const Done = Type.Object({}, { title: 'Done' });

/** A method: the schemas of its params and its result. */
export const method = <P extends TSchema, R extends TSchema>(params: P, result: R, options: TSchemaOptions = {}) => ({
  params,
  result,
  ...options,
});

/** An event to everybody in a room. */
export const roomEvent = <P extends Record<string, TSchema>>(params: P) =>
  Type.Object({ seq: Seq, roomId: Id, ...params });

/** An event to one user: may come twice, by its `signalId`, and wants an `im.ack`. */
export const signalEvent = <P extends Record<string, TSchema>>(params: P) =>
  Type.Object({ seq: Seq, signalId: Type.String(), ...params });
