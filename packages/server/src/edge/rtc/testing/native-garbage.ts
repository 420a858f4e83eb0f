import { setTimeout as after } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Lets a process of tests end: what the native library gave out keeps it until it is collected, though closed, and a process
 * that has nothing left to do collects nothing. For after the last of them was closed.
 */
export async function collectNativeGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 5; i++) {
    await after(100);
    collect();
  }
}
