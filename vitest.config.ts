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

/** Those of pods, workloads and volumes hold on every runtime, but for what docs/fields.md says. */
const EVERYWHERE = [
  ...['autoscaling', 'bad-input', 'crash', 'identity-volumes', 'inside', 'jobs', 'layers', 'logs'],
  ...['persistent-volumes', 'pods-*', 'resize', 'restarts', 'rollout', 'roots', 'runtime-classes'],
  ...['scheduling', 'sets', 'volumes-life'],
]

/** Of these, what `npm test` runs where podman and docker run the containers, too; `npm run test:runtimes` runs all. */
const SHARED = [...['pods-environment', 'pods-network', 'pods-security', 'restarts', 'runtime-classes']]
const ALSO = { podman: ['inside', 'pods-volumes'], docker: ['pods-images', 'pods-life'] } as const

function projectOf(runtime: 'podman' | 'docker'): TestProjectInlineConfiguration {
  const names = process.env['RECONCILE_TEST_CORPUS'] === 'whole' ? EVERYWHERE : [...SHARED, ...ALSO[runtime]]
  return {
    extends: true,
    test: {
      name: runtime,
      include: names.map((name) => `test/e2e/${name}.test.ts`),
      env: { RECONCILE_TEST_RUNTIME: runtime },
      maxWorkers: 2,
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
