import { LiveError } from '@lianmai/contract';
import { COHOST_METHODS as METHODS } from '@lianmai/contract/im';
import type { ImDesk } from '../im/desk.ts';
import type { CohostHall } from './hall.ts';

/** `cohost.*` on the chat WebSocket. */
export function defineCohostMethods(im: ImDesk, hall: CohostHall): void {
  ask(im, hall);
  answer(im, hall);
  end(im, hall);
  im.define({
    name: 'cohost.list',
    params: METHODS['cohost.list'].params,
    who: 'member',
    visitors: true,
    handler: ({ userId }, { roomId }) => hall.list(roomId, userId),
  });
  im.define({
    name: 'cohost.layout',
    params: METHODS['cohost.layout'].params,
    who: 'anchor',
    handler: (_, { roomId, layout }) => hall.setLayout(roomId, layout),
  });
}

function ask(im: ImDesk, hall: CohostHall): void {
  im.define({
    name: 'cohost.request',
    params: METHODS['cohost.request'].params,
    who: 'member',
    async handler(caller, { roomId, reason }) {
      return { session: await hall.ask(roomId, 'user', caller, reason ?? null) };
    },
  });
  im.define({
    name: 'cohost.invite',
    params: METHODS['cohost.invite'].params,
    who: 'anchor',
    async handler({ appId }, { roomId, userId, reason }) {
      if (!im.isInRoom(roomId, userId)) throw new LiveError('NOT_IN_ROOM', `"${userId}" is not in the room`, 'userId');
      return { session: await hall.ask(roomId, 'anchor', { appId, userId }, reason ?? null) };
    },
  });
}

function answer(im: ImDesk, hall: CohostHall): void {
  im.define({
    name: 'cohost.respond',
    params: METHODS['cohost.respond'].params,
    who: 'user',
    handler: (caller, { sessionId, accept, reason }) => hall.answer(sessionId, caller, accept, reason ?? null),
  });
  im.define({
    name: 'cohost.join',
    params: METHODS['cohost.join'].params,
    who: 'user',
    handler: (caller, { sessionId }) => hall.rejoin(sessionId, caller),
  });
  im.define({
    name: 'cohost.session',
    params: METHODS['cohost.session'].params,
    who: 'user',
    handler: (caller) => hall.current(caller),
  });
}

function end(im: ImDesk, hall: CohostHall): void {
  im.define({
    name: 'cohost.cancel',
    params: METHODS['cohost.cancel'].params,
    who: 'user',
    handler: (caller, { sessionId }) => hall.cancel(sessionId, caller),
  });
  im.define({
    name: 'cohost.leave',
    params: METHODS['cohost.leave'].params,
    who: 'user',
    handler: (caller, { sessionId }) => hall.leave(sessionId, caller),
  });
  im.define({
    name: 'cohost.kick',
    params: METHODS['cohost.kick'].params,
    who: 'user',
    handler: (caller, { sessionId, reason }) => hall.kick(sessionId, caller, reason ?? null),
  });
}
