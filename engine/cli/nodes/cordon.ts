import type { NodeName } from '../../api/names.ts'
import type { Invocation } from '../invocation.ts'
import { openMachine, openUsedStation, type UsedStation } from '../station.ts'
import type { World } from '../world.ts'
import { memoryOf, nodeNamed } from './named.ts'
import { openTeller } from './teller.ts'

export interface Cordoned {
  readonly station: UsedStation
  readonly node: NodeName
}

/** Has it on record that the node of the command line takes new pods or none, and says so, in kubectl's words. */
export async function setCordon(
  kind: 'cordon' | 'uncordon',
  invocation: Invocation,
  world: World,
): Promise<Cordoned> {
  const station = await openUsedStation(invocation, world)
  const machine = await openMachine(station, undefined, world)
  const node = nodeNamed(invocation.arguments[0] ?? '', machine)
  await using teller = await openTeller(station, machine, invocation, world)
  const { unschedulable = false } = await memoryOf(node, machine, world)
  const isSo = unschedulable === (kind === 'cordon')
  if (!isSo) await teller.tell({ kind, node })
  world.stdout.write(`node/${node} ${isSo ? 'already ' : ''}${kind}ed\n`)
  return { station, node }
}
