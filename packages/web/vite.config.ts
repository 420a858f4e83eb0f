import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** JavaScript a visitor must have before a player library is needed, gzip. */
const FIRST_LOAD_LIMIT_KB = 220;

/** Fails the build when the entry and what it imports statically outgrow the limit. */
function firstLoadLimit(): Plugin {
  return {
    name: 'first-load-limit',
    generateBundle(_options, bundle) {
      const wanted = Object.values(bundle).flatMap((file) =>
        file.type === 'chunk' && file.isEntry ? [file.fileName] : [],
      );
      const counted = new Set<string>();
      let bytes = 0;
      for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
        const file = bundle[name];
        if (file?.type !== 'chunk' || counted.has(name)) continue;
        counted.add(name);
        bytes += gzipSync(file.code).length;
        wanted.push(...file.imports);
      }
      const kb = bytes / 1000;
      if (kb > FIRST_LOAD_LIMIT_KB)
        this.error(`first load is ${kb.toFixed(1)} kB gzip, the limit is ${FIRST_LOAD_LIMIT_KB}`);
      this.info(`first load: ${kb.toFixed(1)} kB gzip of ${FIRST_LOAD_LIMIT_KB}`);
    },
  };
}

/** Writes `.br` and `.gz` beside each text file, for servers that send what is ready. */
function precompressed(): Plugin {
  return {
    name: 'precompressed',
    apply: 'build',
    closeBundle() {
      const folder = join(import.meta.dirname, 'dist');
      for (const name of globSync('**/*.{html,js,css,svg,webmanifest}', { cwd: folder })) {
        const path = join(folder, name);
        const content = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(content));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

const server = process.env['LIANMAI_DEV_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), firstLoadLimit(), precompressed()],
  build: {
    target: 'es2022',
    // A strict content security policy has no data: addresses.
    assetsInlineLimit: 0,
    // The players are large and come on demand.
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { '/v1': server, '/docs': server, '/live': { target: server, ws: true } } },
});
