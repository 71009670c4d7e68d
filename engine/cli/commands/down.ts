import { rootPaths } from '../../runtimes/oci/paths.ts'
import { keptData, removeRoot } from '../../runtimes/oci/node/removeRoot.ts'
import type { RunCommand } from '../commands.ts'
import { counted } from '../counted.ts'
import type { Invocation } from '../invocation.ts'
import { printJson } from '../json.ts'
import { endPods } from '../endPods.ts'
import { waysOf } from '../fleet/driving.ts'
import type { Left } from '../fleet/leave.ts'
import { isLocal } from '../fleet/nodes.ts'
import { writeRoot } from '../../runtimes/oci/node/root.ts'
import { plainText } from '../table.ts'
import { listPods } from '../pods.ts'
import { emptyDesired, lockStation, openMachine, openStation, type Station } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'
import { timeoutOf } from '../timeout.ts'

export const run: RunCommand = async (invocation, world) => {
  const timeoutMs = timeoutOf(invocation)
  const station = await openStation(invocation, world)
  const pods = station.record === undefined ? [] : await removeAll(station, timeoutMs, invocation, world)
  if (world.signal.aborted) return EXIT.interrupted
  const { root, transport } = station
  const left = await leaveNodes(station, world)
  // Without the root nobody would know of the others.
  const isWhole = left.unreached.length === 0
  if (!isWhole) await keepUnreached(station, left)
  // Under a lock of its own. Also without a record: the root's folder may have been deleted, and its pods run on.
  const own = isWhole ? await removeRoot({ transport, root }) : []
  const kept = isWhole ? await keptData(transport, await rootPaths(transport, root)) : []
  const removal = { pods, others: [...left.removed, ...own], kept: [...left.kept, ...kept] }
  return tell({ ...removal, unreached: left.unreached }, station, invocation, world)
}

/** What was removed on other machines. */
async function leaveNodes({ record, root }: Station, world: World): Promise<Left> {
  const others = (record?.nodes ?? []).filter((node) => !isLocal(node))
  if (others.length === 0) return { removed: [], kept: [], unreached: [] }
  const { removeFromNodes } = await import('../fleet/leave.ts')
  return await removeFromNodes(others, root, world)
}

/** The nodes that the next `down` has to do with. */
async function keepUnreached({ record, root, transport }: Station, { unreached }: Left): Promise<void> {
  if (record === undefined) return
  const nodes = [...(record.nodes ?? []).filter(isLocal), ...unreached.map(({ node }) => node)]
  await writeRoot(transport, root, { ...record, nodes })
}

/** The pods that were there, all of them gone now. */
async function removeAll(
  station: Station,
  timeoutMs: number,
  invocation: Invocation,
  world: World,
): Promise<readonly string[]> {
  await using _lock = await lockStation(station, invocation, world)
  waysOf(world).leaving = true
  const machine = await openMachine(station, undefined, world)
  const pods = await listPods(machine.runtime, world)
  if (pods.length > 0) {
    const ending = { machine, desired: emptyDesired(station.record), timeoutMs }
    assertGone(await endPods(pods, ending, invocation, world), timeoutMs, world)
  }
  return pods.map((pod) => `${pod.namespace}/${pod.name}`)
}

function assertGone(left: readonly string[], timeoutMs: number, { signal }: World): void {
  if (left.length === 0 || signal.aborted) return
  throw new UserError(
    `${counted(left.length, 'pod')} did not end within ${timeoutMs / 1000} s: ${left.join(', ')}; the root is kept, run reconcile down again`,
    { exitStatus: EXIT.failed },
  )
}

interface Removal {
  readonly pods: readonly string[]
  readonly others: readonly string[]
  /** Folders with data of claims. */
  readonly kept: readonly string[]
  readonly unreached: Left['unreached']
}

function tell(
  { kept, others, pods, unreached }: Removal,
  station: Station,
  invocation: Invocation,
  world: World,
): number {
  const status = unreached.length === 0 ? EXIT.done : EXIT.failed
  if (invocation.text('output') === 'json') {
    printJson(world, {
      apiVersion: 'reconcile.dev/v1',
      kind: 'Removal',
      root: station.root,
      pods,
      others,
      kept,
      unreached: unreached.map(({ node, why }) => ({ node: node.name, message: why })),
    })
    return status
  }
  if (pods.length === 0 && others.length === 0 && unreached.length === 0)
    world.stdout.write(`nothing to remove on ${station.root}\n`)
  for (const pod of pods) world.stdout.write(`removed pod ${pod}\n`)
  for (const other of others) world.stdout.write(`removed ${other}\n`)
  for (const path of kept)
    world.stdout.write(`kept ${path}: the data of claims; delete it when nobody needs it any more\n`)
  for (const { node, why } of unreached)
    world.stderr.write(
      plainText(`error: node ${node.name} could not be reached, and what it has is there still: ${why}\n`),
    )
  if (unreached.length > 0)
    world.stderr.write(
      `the root is kept: run reconcile down again when ${unreached.length === 1 ? 'it answers' : 'they answer'}\n`,
    )
  return status
}
