import { type Static, Type } from 'typebox';
import { Count, Done, method, roomEvent, signalEvent } from './im-schema.ts';
import { ConferenceJoin } from './rest/conference.ts';
import { CLOSED, Id, nullable, Time } from './rest/shapes.ts';
import { UserProfile } from './rest/user.ts';

/*
 * PK on the chat WebSocket: two anchors battle across their rooms, side by side in one picture. docs/cohosting.md tells the
 * whole story.
 */

/** asking: no answer yet; joining: agreed, not both seen yet; battle; punishment: decided, still side by side; ended. */
export const PK_STATES = ['asking', 'joining', 'battle', 'punishment', 'ended'] as const;
export type PkState = (typeof PK_STATES)[number];

export const PK_END_REASONS = [
  'over', // the time was up
  'rejected',
  'cancelled',
  'timed-out',
  'quit', // by one of the anchors
  'anchor-gone',
  'room-closed',
] as const;
export type PkEndReason = (typeof PK_END_REASONS)[number];

const PkSide = Type.Object(
  {
    roomId: Id,
    anchor: UserProfile,
    score: Type.Integer({ minimum: 0, description: 'Prices of gifts, and likes, of its viewers during the battle' }),
  },
  { title: 'PkSide' },
);

export const PkSession = Type.Object(
  {
    id: Id,
    sides: Type.Tuple([PkSide, PkSide], { description: 'Who invited is the first, and on the left' }),
    state: Type.Enum([...PK_STATES], { type: 'string' }),
    createdAt: Time,
    expiresAt: nullable(Time, { description: 'When this state ends by itself' }),
    winner: nullable(Id, { description: 'The room that won; null: not decided, or even' }),
    endReason: nullable(Type.Enum([...PK_END_REASONS], { type: 'string' })),
  },
  { title: 'PkSession' },
);
export type PkSession = Static<typeof PkSession>;

const Reason = Type.String({ maxLength: 200 });
const SessionParams = Type.Object({ sessionId: Id }, CLOSED);
const Admission = Type.Object({
  session: PkSession,
  conference: nullable(ConferenceJoin, { description: 'How to take part; null: rejected' }),
});

export const PK_METHODS = {
  'pk.invite': method(
    Type.Object({ roomId: Id, targetRoomId: Id, reason: Type.Optional(Reason) }, CLOSED),
    Type.Object({ session: PkSession }),
  ),
  'pk.cancel': method(SessionParams, Done, { description: 'By who invited' }),
  'pk.respond': method(
    Type.Object({ sessionId: Id, accept: Type.Boolean(), reason: Type.Optional(Reason) }, CLOSED),
    Admission,
  ),
  'pk.join': method(SessionParams, Admission, { description: 'The admission once more, after a reload' }),
  'pk.quit': method(SessionParams, Done),
  'pk.current': method(Type.Object({ roomId: Id }, CLOSED), Type.Object({ session: nullable(PkSession) }), {
    description: 'What this room is in, if anything',
  }),
} as const;

export const PK_EVENTS = {
  /** To the anchor that is invited. */
  'pk.invited': signalEvent({ roomId: Id, session: PkSession, reason: nullable(Reason) }),
  /** To the anchor that invited. */
  'pk.answered': signalEvent({
    roomId: Id,
    session: PkSession,
    accepted: Type.Boolean(),
    reason: nullable(Reason),
    conference: nullable(ConferenceJoin),
  }),
  /** To both rooms. */
  'pk.started': roomEvent({ session: PkSession }),
  /** To both rooms, at most once a second. */
  'pk.score': roomEvent({ sessionId: Id, scores: Type.Tuple([Count, Count]) }),
  /** To both rooms: the battle is decided. */
  'pk.punishment': roomEvent({ session: PkSession }),
  /** To both anchors, and to both rooms if it had begun. */
  'pk.ended': roomEvent({ session: PkSession }),
} as const;
