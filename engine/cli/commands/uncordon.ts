import type { NodeName } from '../../api/names.ts'
import { appliedDesired } from '../applied.ts'
import type { RunCommand } from '../commands.ts'
import { setCordon } from '../nodes/cordon.ts'
import type { UsedStation } from '../station.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const { node, station } = await setCordon('uncordon', invocation, world)
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
