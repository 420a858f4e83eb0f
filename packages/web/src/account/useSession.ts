import { useSyncExternalStore } from 'react';
import { currentSession, onSession, type Session } from './session.ts';

/** Whoever is logged in; null: nobody. */
export const useSession = (): Session | null => useSyncExternalStore(onSession, currentSession);
