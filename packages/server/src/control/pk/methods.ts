import { PK_METHODS as METHODS } from '@lianmai/contract/im';
import type { ImDesk } from '../im/desk.ts';
import type { PkHall } from './hall.ts';

/** `pk.*` on the chat WebSocket. */
export function definePkMethods(im: ImDesk, hall: PkHall): void {
  im.define({
    name: 'pk.invite',
    params: METHODS['pk.invite'].params,
    who: 'anchor',
    async handler(_, { roomId, targetRoomId, reason }) {
      return { session: await hall.invite(roomId, targetRoomId, reason ?? null) };
    },
  });
  im.define({
    name: 'pk.cancel',
    params: METHODS['pk.cancel'].params,
    who: 'user',
    handler: (caller, { sessionId }) => hall.cancel(sessionId, caller),
  });
  im.define({
    name: 'pk.respond',
    params: METHODS['pk.respond'].params,
    who: 'user',
    handler: (caller, { sessionId, accept, reason }) => hall.answer(sessionId, caller, accept, reason ?? null),
  });
  im.define({
    name: 'pk.join',
    params: METHODS['pk.join'].params,
    who: 'user',
    handler: (caller, { sessionId }) => hall.rejoin(sessionId, caller),
  });
  im.define({
    name: 'pk.quit',
    params: METHODS['pk.quit'].params,
    who: 'user',
    handler: (caller, { sessionId }) => hall.quit(sessionId, caller),
  });
  im.define({
    name: 'pk.current',
    params: METHODS['pk.current'].params,
    who: 'member',
    visitors: true,
    async handler({ userId }, { roomId }) {
      return { session: await hall.current(roomId, userId) };
    },
  });
}
