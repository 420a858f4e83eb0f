import { fork } from 'node:child_process';
import { once } from 'node:events';

/** What `child.ts` does, and tells of it. */
export interface DoneByChild {
  /** Peers send a packet in the moment they say that they are connected. */
  connect: { peers: number; refused: number };
  /** A peer is to answer on a UDP port that another program has. */
  findPortTaken: { told: string; unhandled: string[] };
  /** A peer is closed while it answers. */
  closeWhileAnswering: { told: string; unhandled: string[] };
  /** A stream ends when its viewer has the answer and is not connected yet. */
  endBeforeConnected: { sessionIsThere: boolean };
}

/** Does it in a process of its own. @throws Error when that ends without a word. */
export async function inChild<Name extends keyof DoneByChild>(name: Name): Promise<DoneByChild[Name]> {
  const child = fork(new URL('./child.ts', import.meta.url), [name], { serialization: 'advanced' });
  const gone = once(child, 'exit');
  try {
    const told = once(child, 'message').then(([message]) => message as DoneByChild[Name]);
    const died = gone.then(([code, signal]) => {
      throw new Error(`the child ended with ${code ?? signal}`);
    });
    return await Promise.race([told, died]);
  } finally {
    child.kill('SIGKILL');
    await gone.catch(() => {});
  }
}
