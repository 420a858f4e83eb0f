/** Small choices kept on the device. Browsers may forbid the storage; then they last as long as the page. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`lianmai.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`lianmai.${key}`, value);
  } catch {
    // Nothing to do: the choice holds for this page.
  }
}
