/** The control process: composition only. */
import { join } from 'node:path';
import { StoreError } from '../store/errors.ts';
import { CannotStart, runChild } from '../supervisor/child-process.ts';
import { startControl } from './control.ts';
import { welcome } from './welcome.ts';

/** Without a goodbye, which would write: the process crashes, and the next one waits for its turn. */
function endAtOnce(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

runChild(async ({ settings, bus, log, version, runtimeDir }) => {
  const socketPath = join(runtimeDir, 'control.sock');
  try {
    const control = await startControl({ settings, bus, socketPath, log, version, onTaken: endAtOnce });
    return {
      say: welcome(version, control.firstSteps(), settings.demo),
      check: () => control.check(),
      close: () => control.close(),
    };
  } catch (error) {
    if (error instanceof StoreError) throw new CannotStart(error.message);
    throw error;
  }
});
