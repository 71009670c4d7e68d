import { afterAll, beforeAll } from 'vitest'
import { World } from '../engine.ts'
import { startRegistry } from '../registry.ts'
import { Hosts } from './hosts.ts'

/** Machines by their names, and a world beside them whose engine knows its way to them, for the tests of the file that asks for them. */
export function ownFleet(names: readonly string[], use: (hosts: Hosts, world: World) => unknown): void {
  const made = new AsyncDisposableStack()

  beforeAll(async () => {
    const registry = made.use(await startRegistry())
    const hosts = made.use(await Hosts.create(names))
    const world = await World.create({
      registry: await hosts.expose(registry.port),
      root: hosts.root,
      within: ['env', `PATH=${hosts.keys.environment['PATH'] ?? ''}`],
    })
    await use(hosts, made.use(world))
  })

  afterAll(async () => await made.disposeAsync())
}
