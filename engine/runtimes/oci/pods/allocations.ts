import type { CreatePodRequest } from '../../../api/cri.ts'
import type { PodUid } from '../../../api/names.ts'
import { podUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { isObject, parseJson } from '../json.ts'
import type { RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { readText } from '../node/node.ts'
import type { NodeFacts } from '../node/prepareNode.ts'
import { oneByOne } from '../oneByOne.ts'
import { updateCpusCommand } from '../runtimeCommands.ts'
import { podOfContainer, programOf } from './program.ts'
import { freeUsers } from './users.ts'

/** What one pod has and no other may have: beside its record, so that it is its own for as long as it lives, whoever looks. */
export interface Allocation {
  /** The node's number for the root of the pod's own users. */
  readonly hostId?: number
  /** By container: cpus that no other container uses. */
  readonly cpus?: Readonly<Record<string, readonly number[]>>
}

export interface AllocationContext {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly facts: Pick<NodeFacts, 'features' | 'program'>
}

type Wish = Pick<CreatePodRequest, 'userNamespace' | 'exclusiveCpus'>

/** What the pod was given before is its own still. */
export async function allocate(context: AllocationContext, uid: PodUid, wish: Wish): Promise<Allocation> {
  if (wish.userNamespace !== true && wish.exclusiveCpus === undefined) return {}
  // Or two pods would be given the same.
  return await oneByOne(context.transport, context.paths.root, async () => {
    const all = await readAllocations(context)
    const own = all.get(uid) ?? chosen(context, wish, [...all.values()])
    const file = podPaths(context.paths, uid).allocation
    if (!all.has(uid)) await context.transport.writeFile(file, JSON.stringify(own), 0o600)
    if (own.cpus !== undefined) await leaveCpus(context, new Map([...all, [uid, own]]))
    return own
  })
}

/** The pod's containers have ended. What it was given is on record until all others have it: a giving back that is cut off is done again. */
export async function giveBack(context: AllocationContext, uid: PodUid): Promise<void> {
  const file = podPaths(context.paths, uid).allocation
  if ((await context.transport.stat(file)) === undefined) return
  await oneByOne(context.transport, context.paths.root, async () => {
    const others = [...(await readAllocations(context))].filter(([other]) => other !== uid)
    await leaveCpus(context, new Map(others))
    await context.transport.remove(file)
  })
}

function chosen({ facts, paths }: AllocationContext, wish: Wish, others: readonly Allocation[]): Allocation {
  const takenIds = new Set(others.flatMap(({ hostId }) => hostId ?? []))
  const hostId = wish.userNamespace === true ? freeUsers(paths.rootId, takenIds) : undefined
  if (wish.userNamespace === true && hostId === undefined)
    throw new RuntimeFailure('CreatePodSandboxError', 'all ranges of users for pods are taken on this node')
  const cpus = freeCpus(facts.features.cpus, takenCpus(others), wish.exclusiveCpus ?? {})
  return {
    ...(hostId !== undefined && { hostId }),
    ...(Object.keys(cpus).length > 0 && { cpus }),
  }
}

function takenCpus(allocations: readonly Allocation[]): ReadonlySet<number> {
  return new Set(allocations.flatMap(({ cpus }) => Object.values(cpus ?? {}).flat()))
}

/**
 * Whole cpus for those containers that one can be spared for, in the order of their names: the node's first one stays everybody's. A container
 * that does not get all that it asks for runs on what is everybody's.
 */
export function freeCpus(
  online: readonly number[],
  taken: ReadonlySet<number>,
  wish: Readonly<Record<string, number>>,
): Readonly<Record<string, readonly number[]>> {
  const free = online
    .toSorted((a, b) => a - b)
    .slice(1)
    .filter((cpu) => !taken.has(cpu))
  const given: Record<string, readonly number[]> = {}
  for (const name of Object.keys(wish).toSorted()) {
    const count = wish[name] ?? 0
    if (count > 0 && count <= free.length) given[name] = free.splice(0, count)
  }
  return given
}

/**
 * All other containers go where these are not: those that run at once, those to come by the file that their start looks into. That all of
 * them have gone is written down last.
 */
async function leaveCpus(
  context: AllocationContext,
  allocations: ReadonlyMap<PodUid, Allocation>,
): Promise<void> {
  const { facts, paths, transport } = context
  const { cpus: online } = facts.features
  const taken = takenCpus([...allocations.values()])
  const shared = online.filter((cpu) => !taken.has(cpu)).join(',')
  if ((await readText(transport, paths.leftCpus)) === shared) return
  if (taken.size === 0 && (await transport.stat(paths.sharedCpus)) === undefined) return
  await transport.writeFile(paths.sharedCpus, taken.size === 0 ? '' : `${shared}\n`, 0o600)
  const own = new Set(
    [...allocations].flatMap(([uid, { cpus }]) =>
      Object.keys(cpus ?? {}).map((name) => containerPaths(podPaths(paths, uid), uid, name).id),
    ),
  )
  const running = await transport.listDirectory(paths.runtimeState)
  const pods = (await transport.listDirectory(paths.pods)).map(podUid)
  for (const id of running) {
    // One that has ended meanwhile needs none.
    if (own.has(id)) continue
    const uid = podOfContainer(id, pods)
    const program = uid === undefined ? facts.program : await programOf(context, uid, facts.program)
    await transport.run(updateCpusCommand(program, id, shared))
  }
  await transport.writeFile(paths.leftCpus, shared, 0o600)
}

async function readAllocations({
  paths,
  transport,
}: AllocationContext): Promise<ReadonlyMap<PodUid, Allocation>> {
  const names = await transport.listDirectory(paths.pods)
  const files = await transport.readFiles(names.map((name) => podPaths(paths, podUid(name)).allocation))
  return new Map(
    names.flatMap((name): [PodUid, Allocation][] => {
      const uid = podUid(name)
      const found = parseAllocation(files.get(podPaths(paths, uid).allocation) ?? '')
      return found === undefined ? [] : [[uid, found]]
    }),
  )
}

/** Undefined: there is none, or its write was cut off, so that nothing was made of it. */
function parseAllocation(text: string): Allocation | undefined {
  const value = parseJson(text)
  if (!isObject(value)) return undefined
  const { cpus, hostId } = value
  return {
    ...(typeof hostId === 'number' && { hostId }),
    ...(isObject(cpus) && { cpus: cpus as NonNullable<Allocation['cpus']> }),
  }
}
