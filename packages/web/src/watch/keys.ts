/** What a key does on the watch page. */
export type KeyAction = 'play-pause' | 'mute' | 'fullscreen' | 'louder' | 'quieter' | 'to-live' | 'stats';

export interface PressedKey {
  key: string;
  /** Ctrl, Alt or Meta is down: the browser's or the system's business. */
  modified: boolean;
  /** What has the focus: buttons keep Space and Enter, text fields everything, sliders their arrows. */
  focusOn: 'page' | 'button' | 'slider' | 'text';
}

const ACTIONS: Readonly<Record<string, KeyAction>> = {
  ' ': 'play-pause',
  k: 'play-pause',
  m: 'mute',
  f: 'fullscreen',
  ArrowUp: 'louder',
  ArrowDown: 'quieter',
  ArrowRight: 'to-live',
  i: 'stats',
};

/** The action of a key, or null when it is not the player's. */
export function keyAction({ key, modified, focusOn }: PressedKey): KeyAction | null {
  if (modified || focusOn === 'text') return null;
  if (focusOn === 'button' && key === ' ') return null;
  if (focusOn === 'slider' && key.startsWith('Arrow')) return null;
  return ACTIONS[key.length === 1 ? key.toLowerCase() : key] ?? null;
}

/** Where the focus is, as {@link keyAction} wants to know it. */
export function focusKind(target: EventTarget | null): PressedKey['focusOn'] {
  if (!(target instanceof Element)) return 'page';
  if (target.matches('input[type="range"]')) return 'slider';
  if (target.matches('input, textarea, select, [contenteditable]')) return 'text';
  return target.closest('button, a, [role="button"]') ? 'button' : 'page';
}
