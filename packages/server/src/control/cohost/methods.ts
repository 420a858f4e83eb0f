import { LiveError } from '@lianmai/contract';
import { COHOST_METHODS } from '@lianmai/contract/im';
import { definer, type ImDesk } from '../im/desk.ts';
import type { CohostHall } from './hall.ts';

/** `cohost.*` on the chat WebSocket. */
export function defineCohostMethods(im: ImDesk, hall: CohostHall): void {
  const define = definer(im, COHOST_METHODS);

  define('cohost.request', 'member', async (caller, { roomId, reason }) => ({
    session: await hall.ask(roomId, 'user', caller, reason ?? null),
  }));
  define('cohost.invite', 'anchor', async ({ appId }, { roomId, userId, reason }) => {
    if (!im.isInRoom(roomId, userId)) throw new LiveError('NOT_IN_ROOM', `"${userId}" is not in the room`, 'userId');
    return { session: await hall.ask(roomId, 'anchor', { appId, userId }, reason ?? null) };
  });
  define('cohost.respond', 'user', (caller, { sessionId, accept, reason }) =>
    hall.answer(sessionId, caller, accept, reason ?? null),
  );
  define('cohost.join', 'user', (caller, { sessionId }) => hall.rejoin(sessionId, caller));
  define('cohost.session', 'user', (caller) => hall.current(caller));

  define('cohost.cancel', 'user', (caller, { sessionId }) => hall.cancel(sessionId, caller));
  define('cohost.leave', 'user', (caller, { sessionId }) => hall.leave(sessionId, caller));
  define('cohost.kick', 'user', (caller, { sessionId, reason }) => hall.kick(sessionId, caller, reason ?? null));

  define('cohost.list', 'member', ({ userId }, { roomId }) => hall.list(roomId, userId), { visitors: true });
  define('cohost.layout', 'anchor', (_, { roomId, layout }) => hall.setLayout(roomId, layout));
}
