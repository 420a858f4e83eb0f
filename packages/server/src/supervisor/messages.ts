import type { Settings } from '../settings/settings.ts';

/** Everything a child needs to know at its start. */
export interface ChildStart {
  settings: Settings;
  /** This process's name: `control`, `edge-0`, `transcoder`, `mixer-0`, `demo`. */
  name: string;
  version: string;
  /** Folder of the unix sockets; gone when the system stops. */
  runtimeDir: string;
}

/** From the supervisor; bus messages travel beside these, under `bus`. */
export type ToChild = { start: ChildStart } | { stop: true };

/** From a child. `ready` carries what it wants said at the start; `fatal` a sentence why it can never start like this. */
export type FromChild = { ready: { say: readonly string[] } } | { fatal: string };
