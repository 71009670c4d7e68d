import { type FleetState, isNewer, readersMin } from '../../api/fleet.ts'
import type { ObjectKey } from '../../api/names.ts'
import { isFenced, nodeKey } from '../../api/nodeRecords.ts'
import { readObjectRecords } from '../../runtimes/oci/objectRecords.ts'
import type { RootOwner, RootRecord } from '../../api/records.ts'
import type { Desired } from '../../api/snapshot.ts'
import { readFleetState, writeFleetState } from '../../reconciler/mirrors/fleetFile.ts'
import { apply, recordFiles } from '../../reconciler/mirrors/nodeMirror.ts'
import { messageOf } from '../../reconciler/problems.ts'
import { writeRoot } from '../../runtimes/oci/node/root.ts'
import { type RootPaths, rootPaths } from '../../runtimes/oci/paths.ts'
import type { Transport } from '../../transport/transport.ts'
import { judgeOwnership } from '../ownership.ts'
import type { Station } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'
import { isLocal, nodesIn, type Reached } from './nodes.ts'
import { wayTo } from './ways.ts'

export interface RecoveryAsked {
  /** As read under the root's lock. */
  readonly station: Station
  readonly desired: Pick<Desired, 'cluster' | 'nodes'>
  readonly owner: RootOwner
  readonly takeOver: boolean
  /** `--force-new-head` */
  readonly force: boolean
  readonly tell: (message: string) => void
}

/** What a machine said when it was asked for its copy of the object records. */
type Answer =
  | { readonly kind: 'silent'; readonly node: Reached; readonly why: string }
  | {
      readonly kind: 'told'
      readonly node: Reached
      readonly way: Transport
      readonly state: FleetState | undefined
    }
type Told = Extract<Answer, { readonly kind: 'told' }>

/**
 * The root as its fleet knows it. Where this machine is not the fleet's head (its state was lost, it is a new one, or another one was the head
 * meanwhile), it becomes it: with the newest copy of the object records among those of more than half of the nodes. Rejects when it cannot
 * know them all, or must not.
 */
export async function recoverHead(asked: RecoveryAsked, world: World): Promise<Station> {
  const { desired, station } = asked
  const { record, root, transport } = station
  const paths = await rootPaths(transport, root)
  const others = [...nodesIn(desired, record), ...(record?.nodes ?? [])].filter((node) => !isLocal(node))
  if (others.length === 0) return station
  const own = record === undefined ? undefined : await ownState(record, transport, paths)
  const answers = await askAll(others, own, { root, paths }, world)
  const best = newest(answers, own)
  if (best?.state === undefined) {
    if (own === undefined) assertEnough(answers.filter(isTold), nodesIn(desired, record), answers, asked)
    return station
  }
  const { state } = best
  assertTheirs(state.root, asked)
  const all = await withRecorded(answers, state.root, { root, paths }, world)
  const readers = all.filter(isTold).filter((one) => one.state?.root.hashKey === state.root.hashKey)
  const dead = await fencedNodes(best, paths)
  const nodes = union(nodesIn(desired, state.root), state.root.nodes ?? [])
  const living = nodes.filter(({ name }) => !dead.has(nodeKey(name)))
  assertEnough(readers, living, all, asked)
  // The same head, of an earlier time: its machine is what it was.
  if (own?.epoch !== state.epoch) assertNoMachineLost(state.root, asked)
  const taken = newest(all, own) ?? best
  await takeRecords(taken, state, transport, paths)
  asked.tell(
    `took the fleet over: the object records are those of node ${taken.node.name}, ${readers.length} of ${all.length} nodes answered`,
  )
  return { ...station, record: state.root }
}

type Where = { readonly root: string; readonly paths: RootPaths }

/** A root that has never had company has none of another head's to fear. */
async function ownState(
  record: RootRecord,
  transport: Transport,
  paths: RootPaths,
): Promise<Pick<FleetState, 'epoch' | 'root' | 'writes'>> {
  return (await readFleetState(transport, paths)) ?? { epoch: 1, writes: 0, root: record }
}

function isTold(answer: Answer): answer is Told {
  return answer.kind === 'told'
}

/** A head that has its records needs no more than to hear of no other one from so many that another one cannot have had enough. */
async function askAll(
  nodes: readonly Reached[],
  own: Pick<FleetState, 'epoch' | 'root' | 'writes'> | undefined,
  where: Where,
  world: World,
): Promise<readonly Answer[]> {
  const asked = unique(nodes)
  const answers: Answer[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const all = asked.map(async (node) => {
    answers.push(await ask(node, where, world))
    const told = answers.filter(isTold)
    const isEnough = own !== undefined && told.length >= readersMin(asked.length)
    if (isEnough && newest(answers, own) === undefined) resolve()
  })
  await Promise.race([Promise.all(all), promise])
  return answers.slice()
}

async function ask(node: Reached, { paths, root }: Where, world: World): Promise<Answer> {
  try {
    const way = await wayTo(node, root, world)
    return { kind: 'told', node, way, state: await readFleetState(way, paths, world.signal) }
  } catch (error) {
    world.signal.throwIfAborted()
    return { kind: 'silent', node, why: messageOf(error) }
  }
}

/** Undefined: nobody knows more than this machine does. */
function newest(
  answers: readonly Answer[],
  own: Pick<FleetState, 'epoch' | 'root' | 'writes'> | undefined,
): Told | undefined {
  let best: Told | undefined
  for (const answer of answers) {
    if (!isTold(answer) || answer.state === undefined) continue
    // Another cluster's is refused where its node is reached.
    if (own !== undefined && answer.state.root.hashKey !== own.root.hashKey) continue
    const before = best?.state ?? own
    if (before === undefined || isNewer(answer.state, before)) best = answer
  }
  return best
}

/** Also those that the commit does not have any more. */
async function withRecorded(
  answers: readonly Answer[],
  { nodes = [] }: RootRecord,
  where: Where,
  world: World,
): Promise<readonly Answer[]> {
  const missing = nodes.filter(
    (node) => !isLocal(node) && !answers.some((answer) => answer.node.address === node.address),
  )
  return [...answers, ...(await Promise.all(missing.map(async (node) => await ask(node, where, world))))]
}

function unique(nodes: readonly Reached[]): readonly Reached[] {
  return [...new Map(nodes.map((node) => [node.address, node])).values()]
}

function union(one: readonly Reached[], other: readonly Reached[]): readonly Reached[] {
  return unique([...one, ...other])
}

/** By somebody's word, as the head before had it on record. */
async function fencedNodes({ way }: Told, { records }: RootPaths): Promise<ReadonlySet<ObjectKey>> {
  const all = await readObjectRecords(way, records)
  return new Set([...all.values()].filter(isFenced).map(({ key }) => key))
}

/** Whose fleet it is. */
function assertTheirs(found: RootRecord, { owner, station, takeOver }: RecoveryAsked): void {
  const ownership = judgeOwnership({ root: station.root, record: found, owner, hasApplied: true, takeOver })
  if (ownership.kind === 'refused') throw new UserError(ownership.message)
}

/** Two heads cannot both have read more than half; and what was written on at least half is on one of those that were read. */
function assertEnough(
  readers: readonly Told[],
  nodes: readonly Reached[],
  answers: readonly Answer[],
  { force }: RecoveryAsked,
): void {
  const needed = readersMin(nodes.length)
  // Where there never was a fleet, this machine counts as one that was read: it has nothing to tell either.
  const isFirst = readers.every(({ state }) => state === undefined)
  const read = readers.length + (isFirst && nodes.some(isLocal) ? 1 : 0)
  if (read >= needed || force) return
  const silent = answers.flatMap((one) =>
    one.kind === 'silent' ? [`node ${one.node.name}: ${one.why}`] : [],
  )
  throw new UserError(
    [
      `nothing is made: this machine has no object records of the fleet, and could read those of ${read} of its ${nodes.length} nodes, not of ${needed}, so that there may be pods and records that it does not know.`,
      ...silent,
      'Try again when they answer; or, if they are lost for good, go on with what there is by --force-new-head.',
    ].join('\n'),
    { exitStatus: EXIT.failed },
  )
}

/** Pods of the machine that was the head cannot be asked about: it has no address. */
function assertNoMachineLost({ head, nodes = [] }: RootRecord, { force }: RecoveryAsked): void {
  const lost = nodes.find(isLocal)
  if (lost === undefined || force) return
  throw new UserError(
    `nothing is made: node ${lost.name} is the machine that was the head before (${head ?? lost.name}), and its pods may run on there, where this one cannot ask: switch it off or run reconcile down on it, and then use --force-new-head`,
    { exitStatus: EXIT.failed },
  )
}

/** The root's own file says that all is there, so it comes after the records; and the position last, so that a start that is cut off is made again. */
async function takeRecords(
  { state: found, way }: Told,
  { epoch, root, ...rest }: FleetState,
  transport: Transport,
  paths: RootPaths,
): Promise<void> {
  const [wanted, before] = await Promise.all([
    recordFiles(way, paths.records),
    recordFiles(transport, paths.records),
  ])
  const changes = new Map<string, string | undefined>(wanted)
  for (const file of before.keys()) if (!wanted.has(file)) changes.set(file, undefined)
  for (const [file, content] of Object.entries(found?.changes ?? {})) changes.set(file, content ?? undefined)
  await transport.makeDirectory(paths.root, 0o700)
  await apply(transport, changes)
  await writeRoot(transport, paths.root, root)
  const { changes: _, ...state } = rest
  await writeFleetState(transport, paths, { ...state, epoch: epoch + 1, root })
}
