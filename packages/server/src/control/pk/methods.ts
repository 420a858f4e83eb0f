import { PK_METHODS } from '@lianmai/contract/im';
import { definer, type ImDesk } from '../im/desk.ts';
import type { PkHall } from './hall.ts';

/** `pk.*` on the chat WebSocket. */
export function definePkMethods(im: ImDesk, hall: PkHall): void {
  const define = definer(im, PK_METHODS);

  define('pk.invite', 'anchor', async (_, { roomId, targetRoomId, reason }) => ({
    session: await hall.invite(roomId, targetRoomId, reason ?? null),
  }));
  define('pk.cancel', 'user', (caller, { sessionId }) => hall.cancel(sessionId, caller));
  define('pk.respond', 'user', (caller, { sessionId, accept, reason }) =>
    hall.answer(sessionId, caller, accept, reason ?? null),
  );
  define('pk.join', 'user', (caller, { sessionId }) => hall.rejoin(sessionId, caller));
  define('pk.quit', 'user', (caller, { sessionId }) => hall.quit(sessionId, caller));
  define('pk.current', 'member', async ({ userId }, { roomId }) => ({ session: await hall.current(roomId, userId) }), {
    visitors: true,
  });
}
