import { type Static, Type } from 'typebox';
import { Done, method, roomEvent, signalEvent } from './im-schema.ts';
import { MIX_TEMPLATES } from './mix.ts';
import { ConferenceJoin, UserId } from './rest/conference.ts';
import { CLOSED, Id, nullable, Time } from './rest/shapes.ts';
import { UserProfile } from './rest/user.ts';

/*
 * Co-hosting on the chat WebSocket: a viewer asks the anchor, or is invited, to come on air. docs/cohosting.md tells the
 * whole story.
 */

/** asking: no answer yet; joining: agreed, not seen yet; on-air: in the picture; ended: for the reason given. */
export const COHOST_STATES = ['asking', 'joining', 'on-air', 'ended'] as const;
export type CohostState = (typeof COHOST_STATES)[number];

export const COHOST_END_REASONS = [
  'rejected', // by the side that was asked
  'cancelled', // by the side that asked
  'timed-out', // nobody answered, or who was let in never came on air
  'left', // the co-anchor left
  'kicked', // the anchor sent the co-anchor away
  'lost', // the co-anchor vanished
  'anchor-gone',
  'room-closed',
] as const;
export type CohostEndReason = (typeof COHOST_END_REASONS)[number];

const Reason = Type.String({ maxLength: 200, description: 'Words of the one to the other' });

export const CohostSession = Type.Object(
  {
    id: Id,
    roomId: Id,
    user: UserProfile,
    askedBy: Type.Enum(['user', 'anchor'], { type: 'string' }),
    reason: nullable(Reason, { description: 'What the asking side said' }),
    state: Type.Enum([...COHOST_STATES], { type: 'string' }),
    createdAt: Time,
    expiresAt: nullable(Time, { description: 'When asking or joining ends by itself' }),
    onAirAt: nullable(Time),
    endReason: nullable(Type.Enum([...COHOST_END_REASONS], { type: 'string' })),
  },
  { title: 'CohostSession' },
);
export type CohostSession = Static<typeof CohostSession>;

const Layout = Type.Enum([...MIX_TEMPLATES], { type: 'string' });
const RoomParams = Type.Object({ roomId: Id }, CLOSED);
const SessionParams = Type.Object({ sessionId: Id }, CLOSED);
const Session = Type.Object({ session: CohostSession });
const Admission = Type.Object({
  session: CohostSession,
  conference: nullable(ConferenceJoin, { description: 'How to take part; null: rejected' }),
});

export const COHOST_METHODS = {
  'cohost.request': method(Type.Object({ roomId: Id, reason: Type.Optional(Reason) }, CLOSED), Session),
  'cohost.invite': method(Type.Object({ roomId: Id, userId: UserId, reason: Type.Optional(Reason) }, CLOSED), Session),
  'cohost.cancel': method(SessionParams, Done, { description: 'By the side that asked' }),
  'cohost.respond': method(
    Type.Object({ sessionId: Id, accept: Type.Boolean(), reason: Type.Optional(Reason) }, CLOSED),
    Admission,
    { description: 'By the side that was asked' },
  ),
  'cohost.join': method(SessionParams, Admission, { description: 'The admission once more, after a reload' }),
  'cohost.session': method(
    Type.Object({}, CLOSED),
    Type.Object({
      session: nullable(CohostSession, { description: 'That is not ended; null: none' }),
      conference: nullable(ConferenceJoin, { description: 'How to take part again; null: not let in' }),
    }),
    { description: 'The session one is in, beside whatever anchor: for a page that was loaded anew' },
  ),
  'cohost.leave': method(SessionParams, Done),
  'cohost.kick': method(Type.Object({ sessionId: Id, reason: Type.Optional(Reason) }, CLOSED), Done),
  'cohost.list': method(
    RoomParams,
    Type.Object({
      items: Type.Array(CohostSession, {
        description: 'That are not ended: for the anchor all, for others those on air and their own',
      }),
      layout: Layout,
      conference: nullable(ConferenceJoin, { description: 'For the anchor, and who is let in, while there is one' }),
    }),
  ),
  'cohost.layout': method(Type.Object({ roomId: Id, layout: Layout }, CLOSED), Done),
} as const;

export const COHOST_EVENTS = {
  /** To the anchor. */
  'cohost.requested': signalEvent({ roomId: Id, session: CohostSession }),
  /** To the viewer. */
  'cohost.invited': signalEvent({ roomId: Id, session: CohostSession }),
  /** To the side that asked. */
  'cohost.answered': signalEvent({
    roomId: Id,
    session: CohostSession,
    accepted: Type.Boolean(),
    reason: nullable(Reason),
    conference: nullable(ConferenceJoin),
  }),
  /** To the room: somebody is on air. */
  'cohost.started': roomEvent({ session: CohostSession }),
  /** To both sides, however it ended; and to the room, of who was on air. */
  'cohost.ended': roomEvent({ session: CohostSession, reason: nullable(Reason) }),
  /** To the room. */
  'cohost.layout': roomEvent({ layout: Layout }),
  /**
   * To an anchor, in co-hosting and in battles: those on air go on, but viewers are not shown the mix, or not the newest state of
   * it, for this reason; it is tried again. `problem` null: it is shown again.
   */
  'cohost.mix': signalEvent({
    roomId: Id,
    problem: nullable(
      Type.Object({ name: Type.String({ description: 'Of an error, such as MIXER_FULL' }), message: Type.String() }),
    ),
  }),
  /** To the members of a conference that have a connection. */
  'conference.member': signalEvent({
    conferenceId: Id,
    userId: UserId,
    change: Type.Enum(['joined', 'left', 'muted'], { type: 'string' }),
  }),
} as const;
