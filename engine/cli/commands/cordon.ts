import type { RunCommand } from '../commands.ts'
import { memoryOf, nodeNamed } from '../nodes/named.ts'
import { openTeller } from '../nodes/teller.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const station = await openUsedStation(invocation, world)
  const machine = await openMachine(station, undefined, world)
  const node = nodeNamed(invocation.arguments[0] ?? '', machine)
  await using teller = await openTeller(station, machine, invocation, world)
  const { unschedulable } = await memoryOf(node, machine, world)
  if (unschedulable !== true) await teller.tell({ kind: 'cordon', node })
  world.stdout.write(`node/${node} ${unschedulable === true ? 'already cordoned' : 'cordoned'}\n`)
  return EXIT.done
}
