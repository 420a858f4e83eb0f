import { LiveError } from '@lianmai/contract';
import { IM_METHODS } from '@lianmai/contract/im';
import type { TObject } from 'typebox';
import type { ChatRoom } from './chat-room.ts';
import type { Connection } from './connection.ts';
import type { ImCaller, ImMethod } from './desk.ts';
import { readBody, readGift } from './message-body.ts';
import { JsonText, Later } from './methods.ts';
import { checkRank, newMessageId, type Rooms } from './rooms.ts';

export interface RoomMethodsDeps {
  rooms: Rooms;
  now: () => number;
  /** @throws LiveError UNAVAILABLE when it is closed. */
  connection(id: string): Connection;
}

const typed = <P extends TObject>(method: ImMethod<P>): ImMethod => method as unknown as ImMethod;

/** `room.*`: what members, moderators and anchors do in rooms. */
export function roomMethods(deps: RoomMethodsDeps): ImMethod[] {
  return [...comeAndGo(deps), speak(deps), ...moderate(deps), ...lead(deps)];
}

function comeAndGo({ rooms, now, connection }: RoomMethodsDeps): ImMethod[] {
  const { 'room.enter': enter, 'room.leave': leave, 'room.members': members } = IM_METHODS;
  return [
    typed({
      name: 'room.enter',
      params: enter.params,
      who: 'user',
      visitors: true,
      async handler(caller, { roomId, seq }) {
        const room = await rooms.open(roomId, caller.appId);
        room.floor.checkEntry(caller.userId, now());
        const view = JSON.stringify(await rooms.view(roomId));
        const isKnown = seq === undefined || room.knowsSince(seq);
        rooms.enter(room, connection(caller.connectionId), isKnown ? (seq ?? null) : null, false);
        return new JsonText(entered(room, caller, view, !isKnown, now()));
      },
    }),
    typed({
      name: 'room.leave',
      params: leave.params,
      who: 'member',
      visitors: true,
      async handler(caller, { roomId }) {
        rooms.leave(await rooms.open(roomId, caller.appId), connection(caller.connectionId));
      },
    }),
    typed({
      name: 'room.members',
      params: members.params,
      who: 'member',
      handler: async (caller, { roomId, limit, cursor }) =>
        (await rooms.open(roomId, caller.appId)).page(limit, cursor),
    }),
  ];
}

/** The answer to `room.enter`, as JSON: most of it is the same for all who enter at that time. */
function entered(room: ChatRoom, { userId }: ImCaller, view: string, reload: boolean, nowMs: number): string {
  const mutedUntilMs = room.floor.mutedUntilMs(userId, nowMs);
  const mutedUntil = mutedUntilMs === null ? null : new Date(Math.min(mutedUntilMs, LAST_TIME_MS)).toISOString();
  const self = JSON.stringify({ role: room.floor.roleOf(userId), mutedUntil });
  const { gifts, messages, members } = room.shown(nowMs);
  return `{"room":${view},"gifts":${gifts},"self":${self},"messages":${messages},"members":${members},"seq":${room.lastSeq},"reload":${reload}}`;
}

const LAST_TIME_MS = Date.UTC(9999, 11, 31);

function speak({ rooms, now, connection }: RoomMethodsDeps): ImMethod {
  return typed({
    name: 'room.send',
    params: IM_METHODS['room.send'].params,
    who: 'member',
    async handler({ appId, userId, connectionId }, { roomId, kind, body }) {
      const room = await rooms.open(roomId, appId);
      // Likes that are right are counted by the worker.
      if (kind === 'like') throw new LiveError('BAD_REQUEST', 'a like is a count from 1 to 100, or {count}', 'body');
      const { words, rules } = await rooms.rules(appId);
      const gift = kind === 'gift' ? readGift(body, rules.gifts) : null;
      const said = kind === 'gift' ? gift : readBody(kind, body, words);
      room.floor.speak(userId, kind, now());
      const id = newMessageId();
      const from = room.memberOf({ user: connection(connectionId).profile });
      const written = room.say(id, kind, from, said, now());
      if (gift) room.give(gift);
      // What was answered is there after whatever happens to this process.
      return new Later(written.then(() => ({ id })));
    },
  });
}

function moderate({ rooms }: RoomMethodsDeps): ImMethod[] {
  const target = async ({ appId, userId }: ImCaller, params: { roomId: string; userId: string }): Promise<ChatRoom> => {
    const room = await rooms.open(params.roomId, appId);
    checkRank(room, room.floor.roleOf(userId), params.userId);
    return room;
  };
  const one = <P extends TObject>(name: string, params: P, handler: ImMethod<P>['handler']) =>
    typed({ name, params, who: 'moderator', handler });
  const {
    'room.mute': mute,
    'room.unmute': unmute,
    'room.kick': kick,
    'room.ban': ban,
    'room.unban': unban,
  } = IM_METHODS;
  return [
    one('room.mute', mute.params, async (caller, params) =>
      rooms.mute(await target(caller, params), params.userId, params.seconds),
    ),
    one('room.unmute', unmute.params, async (caller, params) =>
      rooms.mute(await target(caller, params), params.userId, 0),
    ),
    one('room.kick', kick.params, async (caller, params) => rooms.kick(await target(caller, params), params.userId)),
    one('room.ban', ban.params, async (caller, params) =>
      rooms.ban(await target(caller, params), params.userId, params.seconds),
    ),
    one('room.unban', unban.params, async (caller, params) =>
      rooms.ban(await target(caller, params), params.userId, 0),
    ),
  ];
}

function lead({ rooms }: RoomMethodsDeps): ImMethod[] {
  const { 'room.setRole': setRole, 'room.configure': configure, 'room.gifts': gifts } = IM_METHODS;
  return [
    typed({
      name: 'room.setRole',
      params: setRole.params,
      who: 'anchor',
      async handler({ appId }, { roomId, userId, role }) {
        const room = await rooms.open(roomId, appId);
        if (userId === room.anchorId) throw new LiveError('BAD_REQUEST', "the anchor's role is fixed", 'userId');
        await rooms.setModerator(room, userId, role === 'moderator');
      },
    }),
    typed({
      name: 'room.configure',
      params: configure.params,
      who: 'moderator',
      handler: async ({ appId }, { roomId, ...settings }) => rooms.configure(await rooms.open(roomId, appId), settings),
    }),
    typed({
      name: 'room.gifts',
      params: gifts.params,
      who: 'user',
      visitors: true,
      async handler({ appId }, { roomId }) {
        const room = await rooms.open(roomId, appId);
        return { items: (await rooms.rules(room.appId)).rules.gifts };
      },
    }),
  ];
}
