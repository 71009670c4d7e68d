import { defineConfig } from 'vitest/config'

/** Tests that make real containers, links and mounts: one file at a time, and after all others. */
const REAL = ['test/e2e/**/*.test.ts', 'test/runtimes/oci/**/*.test.ts']

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: REAL, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'real', include: REAL, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
