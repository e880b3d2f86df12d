import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    // Models are handed to components once and for all; what changes in them are their stores.
    warningFilter: (warning) => warning.code !== 'state_referenced_locally',
  },
};
