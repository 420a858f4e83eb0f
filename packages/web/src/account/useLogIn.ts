import { createContext, useContext } from 'react';

/** Shows the log-in sheet unless somebody is logged in. @returns whether somebody is in the end. */
export type AskLogIn = () => Promise<boolean>;

export const LogInContext = createContext<AskLogIn>(() => Promise.resolve(false));

/** Asks people to log in when something needs it, not before. */
export const useLogIn = (): AskLogIn => useContext(LogInContext);
