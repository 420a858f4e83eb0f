const PATIENCE_MS = 100_000;

/**
 * Resolves when the condition holds, asking again on each turn of the event loop.
 * @throws Error that says who waited, when it does not for longer than any machine takes.
 */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  // Made here: later the stack does not say any more where the test waits.
  const inVain = new Error(`waited in vain until ${condition}`);
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    const value = await condition();
    if (value) return value as NonNullable<T>;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw inVain;
}
