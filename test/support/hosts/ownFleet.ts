import { afterAll, beforeAll } from 'vitest'
import { World, type WorldOptions } from '../engine.ts'
import { startRegistry } from '../registry.ts'
import { fleetOptions } from './fleet.ts'
import { Hosts } from './hosts.ts'

/** The names of the machines on each link. */
type Links = readonly (readonly string[])[]

/** Machines by their names, and a registry that they reach, for the tests of the file or block that asks for them; `made` goes before both. */
export function ownHosts(
  links: Links,
  use: (hosts: Hosts, registry: string, made: AsyncDisposableStack) => unknown,
): void {
  const made = new AsyncDisposableStack()

  beforeAll(async () => {
    const registry = made.use(await startRegistry())
    const hosts = made.use(await Hosts.create(...links))
    await use(hosts, await hosts.expose(registry.port), made)
  }, 240_000)

  afterAll(async () => await made.disposeAsync())
}

/** The same with a world beside them, whose engine knows its way to them. */
export function ownFleet(
  links: Links,
  use: (hosts: Hosts, world: World, made: AsyncDisposableStack) => unknown,
  options: Partial<WorldOptions> = {},
): void {
  ownHosts(links, async (hosts, registry, made) => {
    const world = await World.create({ ...fleetOptions(hosts, registry), ...options })
    await use(hosts, made.use(world), made)
  })
}
