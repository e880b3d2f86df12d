import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['visavis-source'] },
  ssr: { resolve: { conditions: ['visavis-source'] } },
  test: { include: ['{client,app}/src/**/*.test.ts'], environment: 'node' },
});
