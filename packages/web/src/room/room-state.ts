import type {
  CohostSession,
  ImEvent,
  ImEventName,
  ImResult,
  PkSession,
  RoomMember,
  RoomMessage,
} from '@lianmai/contract/im';
import type { ConferenceJoin, Room, RoomCloseReason, RoomSummary } from '@lianmai/contract/rest';
import { type ChatLine, joinedLine, lineOf, withLine } from '../chat/chat-lines.ts';

/** An event of the chat WebSocket with its name. */
export type RoomEvent = { [E in ImEventName]: { name: E; params: ImEvent<E> } }[ImEventName];

/** What one knows of a room by being in it. */
export interface RoomState {
  /** Null before the room was entered. */
  room: Room | null;
  selfId: string;
  role: RoomMember['role'];
  /** ISO time; null: may write. */
  mutedUntil: string | null;
  lines: readonly ChatLine[];
  members: readonly RoomMember[];
  memberCount: number;
  viewers: number;
  likes: number;
  /** Co-host sessions that are not over: for the anchor all, for others those on air and their own. */
  sessions: readonly CohostSession[];
  layout: ImResult<'cohost.list'>['layout'];
  pk: PkSession | null;
  /** Why viewers are not shown the mix of those on air; null: they are, or nobody is. For the anchor. */
  mixProblem: ImEvent<'cohost.mix'>['problem'];
  /** How to take part in what is on air; null: one does not. */
  join: ConferenceJoin | null;
  /** Sent out: one sees the picture, and no chat. */
  isOut: boolean;
  closed: { reason: RoomCloseReason; summary: RoomSummary | null } | null;
}

/** What changes a room's state besides its events. */
export type RoomAction =
  | { type: 'entered'; entered: ImResult<'room.enter'> }
  | { type: 'talks'; list: ImResult<'cohost.list'> }
  | { type: 'battle'; session: PkSession | null }
  | { type: 'admitted'; join: ConferenceJoin | null }
  | { type: 'asked'; session: CohostSession }
  | { type: 'members'; page: ImResult<'room.members'> }
  | { type: 'liked'; count: number }
  | { type: 'out' }
  | { type: 'closed' }
  | ({ type: 'event' } & RoomEvent);

const MOST_MEMBERS = 200;

export function emptyRoom(selfId: string): RoomState {
  return {
    room: null,
    selfId,
    role: 'member',
    mutedUntil: null,
    lines: [],
    members: [],
    memberCount: 0,
    viewers: 0,
    likes: 0,
    sessions: [],
    layout: 'cohost',
    pk: null,
    mixProblem: null,
    join: null,
    isOut: false,
    closed: null,
  };
}

/** The state after one more thing happened. The same object when nothing changed. */
export function advance(state: RoomState, action: RoomAction): RoomState {
  switch (action.type) {
    case 'entered':
      return enter(state, action.entered);
    case 'talks': {
      const { items, layout, conference } = action.list;
      return { ...state, sessions: items, layout, join: state.pk && conference === null ? state.join : conference };
    }
    case 'battle':
      return { ...state, pk: action.session };
    case 'admitted':
      return { ...state, join: action.join };
    case 'asked':
      return withSession(state, action.session);
    case 'members':
      return { ...state, members: action.page.items, memberCount: action.page.count };
    case 'liked':
      return { ...state, likes: state.likes + action.count };
    case 'out':
      return { ...state, isOut: true };
    case 'closed':
      return { ...state, closed: { reason: 'anchor', summary: null } };
    case 'event':
      return hear(state, action);
  }
}

function enter(state: RoomState, { room, self, messages, members }: ImResult<'room.enter'>): RoomState {
  return {
    ...state,
    room,
    role: self.role,
    mutedUntil: self.mutedUntil,
    lines: messages.flatMap((message) => lineOf(message, state.selfId) ?? []),
    members: members.items,
    memberCount: members.count,
    viewers: room.viewers,
    likes: Math.max(state.likes, room.likes),
    isOut: false,
    closed: room.state === 'closed' ? { reason: room.closeReason ?? 'anchor', summary: room.summary } : null,
  };
}

function hear(state: RoomState, event: RoomEvent): RoomState {
  switch (event.name) {
    case 'room.message':
      return hearMessage(state, event.params);
    case 'room.joined': {
      const { user, others, members, seq } = event.params;
      const rest = state.members.filter(({ userId }) => userId !== user.userId);
      return {
        ...state,
        lines: user.userId === state.selfId ? state.lines : withLine(state.lines, joinedLine(user, others, seq)),
        members: [...rest, user].slice(-MOST_MEMBERS),
        memberCount: members,
      };
    }
    case 'room.left': {
      const { user, members } = event.params;
      return {
        ...state,
        members: state.members.filter(({ userId }) => userId !== user.userId),
        memberCount: members,
      };
    }
    case 'room.stats':
      return { ...state, viewers: event.params.viewers, likes: Math.max(state.likes, event.params.likes) };
    case 'room.changed':
      return { ...state, room: event.params.room };
    case 'room.muted':
      return event.params.userId === state.selfId ? { ...state, mutedUntil: event.params.mutedUntil } : state;
    case 'room.role':
      return event.params.userId === state.selfId ? { ...state, role: event.params.role } : state;
    case 'room.kicked': {
      const { userId } = event.params;
      if (userId === state.selfId) return { ...state, isOut: true, join: null, sessions: [] };
      return { ...state, members: state.members.filter((member) => member.userId !== userId) };
    }
    case 'room.closed':
      return { ...state, closed: event.params, join: null, sessions: [], pk: null };
    case 'stream.state':
      return state;
    default:
      return hearTalk(state, event);
  }
}

function hearMessage(state: RoomState, message: RoomMessage): RoomState {
  const line = lineOf(message, state.selfId);
  return line ? { ...state, lines: withLine(state.lines, line) } : state;
}

/** What comes on air, and goes. */
function hearTalk(state: RoomState, event: RoomEvent): RoomState {
  switch (event.name) {
    case 'cohost.requested':
    case 'cohost.invited':
    case 'cohost.started':
      return withSession(state, event.params.session);
    case 'cohost.answered': {
      const { session, accepted, conference } = event.params;
      if (!accepted) return withoutSession(state, session);
      return { ...withSession(state, session), join: conference ?? state.join };
    }
    case 'cohost.ended':
      return withoutSession(state, event.params.session);
    case 'cohost.mix':
      return { ...state, mixProblem: event.params.problem };
    case 'cohost.layout':
      return { ...state, layout: event.params.layout };
    case 'pk.invited':
    case 'pk.started':
    case 'pk.punishment':
      return { ...state, pk: event.params.session };
    case 'pk.answered': {
      const { session, accepted, conference } = event.params;
      return accepted ? { ...state, pk: session, join: conference } : { ...state, pk: null };
    }
    case 'pk.score':
      return state.pk?.id === event.params.sessionId ? { ...state, pk: scored(state.pk, event.params.scores) } : state;
    case 'pk.ended':
      if (state.pk && state.pk.id !== event.params.session.id) return state;
      return { ...state, pk: null, mixProblem: null, join: null };
    default:
      return state;
  }
}

const scored = (pk: PkSession, [left, right]: [number, number]): PkSession => ({
  ...pk,
  sides: [
    { ...pk.sides[0], score: left },
    { ...pk.sides[1], score: right },
  ],
});

function withSession(state: RoomState, session: CohostSession): RoomState {
  const others = state.sessions.filter(({ id }) => id !== session.id);
  return { ...state, sessions: session.state === 'ended' ? others : [...others, session] };
}

/** One's own part in it ends with one's own session; the anchor's with the last. */
function withoutSession(state: RoomState, { id, user }: CohostSession): RoomState {
  const sessions = state.sessions.filter((session) => session.id !== id);
  const isOver = state.role === 'anchor' ? !sessions.some(isLetIn) && state.pk === null : user.userId === state.selfId;
  return { ...state, sessions, ...(isOver && { mixProblem: null, join: null }) };
}

/** Agreed by both sides: on air, or about to be. */
export const isLetIn = ({ state }: CohostSession): boolean => state === 'joining' || state === 'on-air';
/** Both anchors have agreed. */
export const isBattling = (pk: PkSession | null): pk is PkSession =>
  pk !== null && (pk.state === 'joining' || pk.state === 'battle' || pk.state === 'punishment');
/** A viewer's own session. */
export const ownSession = ({ sessions, selfId }: RoomState): CohostSession | null =>
  sessions.find(({ user }) => user.userId === selfId) ?? null;
