import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { perBoot } from '../../engine/cli/fleet/perBoot.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld } from '../simulation/loop/engine.ts'

/** A machine whose boot can be another one, and the runtimes that were begun for it. */
async function machine() {
  const { clock, node } = createWorld()
  const own = { bootId: randomUUID(), created: 0 }
  const readFile = async () => new TextEncoder().encode(`${own.bootId}\n`)
  const runtime = await perBoot({ readFile }, async () => {
    own.created += 1
    return { ...connectTo(node).runtime, emptyTrash: async () => [`of ${own.created}`] }
  })
  const asked = async () => (await runtime.emptyTrash('2026-01-01T00:00:00Z'))[0]
  return { own, runtime, asked, clock }
}

test('a runtime is begun anew with each boot of its machine, and once for each', async () => {
  const { asked, clock, own, runtime } = await machine()
  await clock.runUntil(Promise.all([runtime.check(), runtime.list()]))
  expect(await asked()).toBe('of 1')
  own.bootId = randomUUID()
  expect(await asked()).toBe('of 1')
  await clock.runUntil(Promise.all([runtime.list(), runtime.check()]))
  expect(await asked()).toBe('of 2')
  expect(own.created).toBe(2)
})
