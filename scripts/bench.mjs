/** `npm run bench [name] [-- options]`: sets up, then runs bench/run.ts on the pinned Node. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { node24, root, setUp } from './setup.mjs';

setUp();
const done = spawnSync(node24(), [join(root, 'bench/run.ts'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(done.status ?? 1);
