/** What a player wants to know of the page it is on. */
export interface Page {
  readonly online: boolean;
  readonly hidden: boolean;
  /** Calls back whenever one of them changed, until `signal` aborts. */
  watch(changed: { online(): void; shown(): void }, signal: AbortSignal): void;
}

export const browserPage: Page = {
  get online() {
    return navigator.onLine;
  },
  get hidden() {
    return document.hidden;
  },
  watch({ online, shown }, signal) {
    window.addEventListener('online', online, { signal });
    window.addEventListener('offline', online, { signal });
    document.addEventListener('visibilitychange', shown, { signal });
  },
};
