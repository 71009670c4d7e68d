import type { NodeName } from '../../api/names.ts'
import { appliedDesired } from '../applied.ts'
import type { RunCommand } from '../commands.ts'
import { memoryOf, nodeNamed } from '../nodes/named.ts'
import { openTeller } from '../nodes/teller.ts'
import { openMachine, openUsedStation, type UsedStation } from '../station.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const station = await openUsedStation(invocation, world)
  const machine = await openMachine(station, undefined, world)
  const node = nodeNamed(invocation.arguments[0] ?? '', machine)
  await using teller = await openTeller(station, machine, invocation, world)
  const { unschedulable } = await memoryOf(node, machine, world)
  if (unschedulable === true) await teller.tell({ kind: 'uncordon', node })
  world.stdout.write(`node/${node} ${unschedulable === true ? 'uncordoned' : 'already uncordoned'}\n`)
  await warnOfCommit(node, station, world)
  return EXIT.done
}

/** A command takes back what a command said, not what the repository says. */
async function warnOfCommit(node: NodeName, station: UsedStation, world: World): Promise<void> {
  const desired = await appliedDesired(station, world).catch(() => undefined)
  const spec = desired?.nodes.find(({ metadata }) => metadata.name === node)?.spec
  const said = spec?.drain === undefined ? spec?.unschedulable === true && 'spec.unschedulable' : 'spec.drain'
  if (said === undefined || said === false) return
  world.stderr.write(
    `Warning: node ${node} takes no new pods all the same, for the repository has ${said} in its Node; remove it there\n`,
  )
}
