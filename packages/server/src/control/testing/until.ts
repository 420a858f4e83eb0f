/** Resolves when the condition holds, asking again on each turn of the event loop; the test's time-out ends it. */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<T>;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
