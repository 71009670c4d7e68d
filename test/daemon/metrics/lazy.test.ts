import { createRequire } from 'node:module'
import { expect, test } from 'vitest'

/** prom-client is CommonJS: what has been loaded of it stands here. */
function isLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/prom-client/'))
}

test('who is not to be asked over http does not load what metrics are made with', async () => {
  await import('../../../engine/cli/commands/once.ts')
  await import('../../../engine/cli/apply.ts')
  await import('../../../engine/cli/daemon/run.ts')
  await import('../../../engine/daemon/serve.ts')
  expect(isLoaded()).toBe(false)
  await import('../../../engine/daemon/metrics/metrics.ts')
  expect(isLoaded()).toBe(true)
})
