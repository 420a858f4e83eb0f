/** The control process: composition only. */
import { join } from 'node:path';
import { StoreError } from '../store/errors.ts';
import { CannotStart, runChild } from '../supervisor/child-process.ts';
import { startControl } from './control.ts';
import { welcome } from './welcome.ts';

runChild(async ({ settings, bus, log, version, runtimeDir }) => {
  const socketPath = join(runtimeDir, 'control.sock');
  try {
    const control = await startControl({ settings, bus, socketPath, log, version });
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
