import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

/** Where `npm run dev` finds the server's Socket.IO. */
const server = process.env['VISAVIS_SERVER'] ?? 'http://127.0.0.1:8080';

/** Compresses once, at its best, what the server would otherwise send as it is: it serves `x.js.br` for `x.js`. */
function precompress(): Plugin {
  let folder = '';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const files = readdirSync(folder, { recursive: true }).map(String);
      for (const file of files.filter((name) => /\.(js|css|html|svg)$/.test(name))) {
        const bytes = readFileSync(path.join(folder, file));
        writeFileSync(path.join(folder, `${file}.br`), brotliCompressSync(bytes));
        writeFileSync(path.join(folder, `${file}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/** The licence of the typeface asks to stay with the files that are served. */
function typefaceLicence(): Plugin {
  return {
    name: 'typeface-licence',
    apply: 'build',
    generateBundle() {
      const file = new URL('../node_modules/@fontsource-variable/figtree/LICENSE', import.meta.url);
      this.emitFile({
        type: 'asset',
        fileName: 'assets/figtree-licence.txt',
        source: readFileSync(file),
      });
    },
  };
}

export default defineConfig({
  plugins: [svelte(), typefaceLicence(), precompress()],
  resolve: { conditions: ['visavis-source', ...defaultClientConditions] },
  build: {
    target: 'es2022',
    // A strict Content-Security-Policy takes neither data: addresses nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/socket.io': { target: server, ws: true } } },
});
