import { rootPaths } from '../../runtimes/oci/paths.ts'
import { keptData, removeRoot } from '../../runtimes/oci/node/removeRoot.ts'
import type { RunCommand } from '../commands.ts'
import { counted } from '../counted.ts'
import type { Invocation } from '../invocation.ts'
import { printJson } from '../json.ts'
import { endPods } from '../endPods.ts'
import { isLocal } from '../fleet/nodes.ts'
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
  // Under a lock of its own. Also without a record: the root's folder may have been deleted, and its pods run on.
  const { root, transport } = station
  const others = [...(await leaveNodes(station, world)), ...(await removeRoot({ transport, root }))]
  const kept = await keptData(transport, await rootPaths(transport, root))
  return tell({ pods, others, kept }, station, invocation, world)
}

/** What was removed on other machines. */
async function leaveNodes({ record, root }: Station, world: World): Promise<readonly string[]> {
  if (record?.nodes === undefined) return []
  const { removeFromNodes } = await import('../fleet/leave.ts')
  return await removeFromNodes(
    record.nodes.filter((node) => !isLocal(node)),
    root,
    world,
  )
}

/** The pods that were there, all of them gone now. */
async function removeAll(
  station: Station,
  timeoutMs: number,
  invocation: Invocation,
  world: World,
): Promise<readonly string[]> {
  await using _lock = await lockStation(station, invocation, world)
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
}

function tell(
  { kept, others, pods }: Removal,
  station: Station,
  invocation: Invocation,
  world: World,
): number {
  if (invocation.text('output') === 'json') {
    printJson(world, {
      apiVersion: 'reconcile.dev/v1',
      kind: 'Removal',
      root: station.root,
      pods,
      others,
      kept,
    })
    return EXIT.done
  }
  if (pods.length === 0 && others.length === 0) world.stdout.write(`nothing to remove on ${station.root}\n`)
  for (const pod of pods) world.stdout.write(`removed pod ${pod}\n`)
  for (const other of others) world.stdout.write(`removed ${other}\n`)
  for (const path of kept)
    world.stdout.write(`kept ${path}: the data of claims; delete it when nobody needs it any more\n`)
  return EXIT.done
}
