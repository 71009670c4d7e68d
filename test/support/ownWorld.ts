import { afterAll, beforeAll } from 'vitest'
import { World, type WorldOptions } from './engine.ts'
import { type Registry, startRegistry } from './registry.ts'

/** A world and a registry for the tests of the file or block that asks for them; neither is left after them. */
export function ownWorld(
  use: (world: World, registry: Registry) => unknown,
  options: Omit<WorldOptions, 'registry'> = {},
): void {
  const made = new AsyncDisposableStack()

  beforeAll(async () => {
    const registry = made.use(await startRegistry())
    const world = made.use(await World.create({ ...options, registry: registry.url }))
    await use(world, registry)
  })

  afterAll(async () => await made.disposeAsync())
}
