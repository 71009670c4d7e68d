import type { RootRecord } from '../../api/records.ts'
import type { Mirrors } from '../../reconciler/mirrors/mirrors.ts'
import type { Transport } from '../../transport/transport.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

/** The ways to the nodes that one process has, each once: a root of a node has one lock. */
export interface Ways {
  readonly open: Map<string, Transport & AsyncDisposable>
  /** What the nodes' locks are held with; absent: this process only looks. */
  holder?: string
  /** What the nodes' own root.json is made from, once it is known. */
  record?: RootRecord
  /** The nodes' copies of the object records, once there are any to copy. */
  mirrors?: Promise<Mirrors>
  /** The fleet is being taken down: nobody is to find its records. */
  leaving?: true
  /** Addresses of machines that have left the fleet: nothing is given to them. */
  readonly left: Set<string>
  /** Nodes that are being asked how far their copies go. */
  readonly meeting: Set<Promise<void>>
  /** Aborted when another head has taken the fleet over. */
  readonly superseded: AbortController
}

const ways = new WeakMap<World, Ways>()

export function waysOf(world: World): Ways {
  const known = ways.get(world)
  if (known !== undefined) return known
  const made: Ways = {
    open: new Map(),
    left: new Set(),
    meeting: new Set(),
    superseded: new AbortController(),
  }
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

/** How long the end of a command waits for nodes to take what it has written: what they lack they get from the next one. */
const SETTLE_MS_MAX = 5_000

/** The locks of the nodes are free then, and what comes next is connected anew. */
export async function closeWays(world: World): Promise<void> {
  const all = waysOf(world)
  await settle(all)
  const open = [...all.open.values()]
  all.open.clear()
  delete all.holder
  delete all.mirrors
  await Promise.all(open.map(async (way) => await way[Symbol.asyncDispose]()))
}

/** The node's lock is free then. */
export async function closeWay(world: World, address: string): Promise<void> {
  const { mirrors, open } = waysOf(world)
  const way = open.get(address)
  open.delete(address)
  await (await mirrors)?.settled()
  await way?.[Symbol.asyncDispose]()
}

async function settle({ meeting, mirrors }: Ways): Promise<void> {
  if (mirrors === undefined) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, SETTLE_MS_MAX)
  const settled = async (): Promise<void> => {
    await Promise.all(meeting)
    await (await mirrors).settled()
  }
  try {
    await Promise.race([settled().catch(() => undefined), promise])
  } finally {
    clearTimeout(timer)
  }
}

/** As the root is: nodes that are reached from here on have it, too. */
export function tellNodes(world: World, record: RootRecord): void {
  const all = waysOf(world)
  all.record = record
  for (const { address } of record.nodes ?? []) all.left.delete(address)
}

/** Rejects when another head has taken the fleet over; this process is to end then. */
export async function lossOfFleet(world: World): Promise<never> {
  const { signal } = waysOf(world).superseded
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  throw supersededError(world)
}

export function assertNotSuperseded(world: World): void {
  if (waysOf(world).superseded.signal.aborted) throw supersededError(world)
}

function supersededError(world: World): UserError {
  const { reason } = waysOf(world).superseded.signal
  const message = reason instanceof Error ? reason.message : String(reason)
  return new UserError(message, { exitStatus: EXIT.failed })
}
