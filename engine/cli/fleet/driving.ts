import type { RootRecord } from '../../api/records.ts'
import type { Transport } from '../../transport/transport.ts'
import type { World } from '../world.ts'

/** The ways to the nodes that one process has, each once: a root of a node has one lock. */
export interface Ways {
  readonly open: Map<string, Transport & AsyncDisposable>
  /** What the nodes' locks are held with; absent: this process only looks. */
  holder?: string
  /** What the nodes' own root.json is made from, once it is known. */
  record?: RootRecord
}

const ways = new WeakMap<World, Ways>()

export function waysOf(world: World): Ways {
  const known = ways.get(world)
  if (known !== undefined) return known
  const made: Ways = { open: new Map() }
  ways.set(world, made)
  return made
}

/** From here on this process drives the root: it holds the lock of every node that it is connected to, or is not connected. */
export async function driveNodes(world: World, holder: string): Promise<void> {
  const all = waysOf(world)
  if (all.holder !== undefined) return
  all.holder = holder
  // Those that were connected only to look: anew, with the lock.
  await Promise.all([...all.open.values()].map(async (way) => await way[Symbol.asyncDispose]()))
}

/** The locks of the nodes are free then, and what comes next is connected anew. */
export async function closeWays(world: World): Promise<void> {
  const all = waysOf(world)
  const open = [...all.open.values()]
  all.open.clear()
  delete all.holder
  await Promise.all(open.map(async (way) => await way[Symbol.asyncDispose]()))
}

/** As the root is: nodes that are reached from here on have it, too. */
export function tellNodes(world: World, record: RootRecord): void {
  waysOf(world).record = record
}
