import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defaultClientConditions, defineConfig } from 'vite';

/** Where `npm run dev` finds the server's Socket.IO. */
const server = process.env['VISAVIS_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte()],
  resolve: { conditions: ['visavis-source', ...defaultClientConditions] },
  build: {
    target: 'es2022',
    // A strict Content-Security-Policy takes neither data: addresses nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/socket.io': { target: server, ws: true } } },
});
