import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/**
 * Tests that make real containers, links and mounts, after all others. Two files at a time: most of their time they wait for a probe, a back-off
 * or a minute of the clock, and each has addresses, a registry and a root of its own.
 */
const REAL = [
  'test/e2e/**/*.test.ts',
  'test/runtimes/{oci,podman,docker,dockerLike}/**/*.test.ts',
  'test/runtimes/verbs.test.ts',
]

/** Which of them are run where podman and docker run the containers, too. */
const SHARED = ['pods-environment', 'pods-network', 'pods-security']
const ALSO = { podman: ['pods-volumes'], docker: ['pods-images', 'pods-life'] } as const

function projectOf(runtime: 'podman' | 'docker'): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name: runtime,
      include: [...SHARED, ...ALSO[runtime]].map((name) => `test/e2e/${name}.test.ts`),
      env: { RECONCILE_TEST_RUNTIME: runtime },
      fileParallelism: false,
      sequence: { groupOrder: 2 },
    },
  }
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Else one processor is left alone, which is half of a small machine.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: REAL, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'real', include: REAL, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      projectOf('podman'),
      projectOf('docker'),
    ],
  },
})
