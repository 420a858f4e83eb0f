import { setTimeout as after } from 'node:timers/promises';

/** A wait that only ends a test in vain lasts so long: a busy machine takes its time. */
export const PATIENT_MS = 90_000;

/**
 * Asks again and again until the answer is neither null, undefined nor false, and gives it.
 * @throws Error with `what` when that takes longer than `timeoutMs`; an error of the probe is told with it.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  timeoutMs = PATIENT_MS,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = performance.now() + timeoutMs;
  let problem: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await probe();
      if (answer !== null && answer !== undefined && answer !== false)
        return answer as Exclude<T, null | undefined | false>;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    await after(20);
  }
  throw new Error(`Within ${timeoutMs} ms it did not come about: ${what}`, { cause: problem });
}

/** @throws Error with `what` when the promise takes longer. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Within ${timeoutMs} ms it did not come about: ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
