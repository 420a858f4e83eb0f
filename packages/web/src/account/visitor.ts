import { recall, remember } from '../app/remember.ts';

const KEY = 'visitor';

/** A name by chance that this browser keeps: by it whoever is not logged in counts as one viewer, in whatever tabs. */
export function visitorId(): string {
  const kept = recall(KEY);
  if (kept !== null && /^[0-9a-f]{32}$/.test(kept)) return kept;
  // Not randomUUID: pages without TLS have none.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  remember(KEY, made);
  return made;
}
