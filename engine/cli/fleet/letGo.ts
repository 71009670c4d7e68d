import type { NodeName } from '../../api/names.ts'
import type { FleetNode, RootRecord } from '../../api/records.ts'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import { RuntimeFailure } from '../../runtimes/runtime.ts'
import { localTransport } from '../../transport/local.ts'
import type { World } from '../world.ts'
import { closeWay, waysOf } from './driving.ts'
import { removeFrom } from './leave.ts'

/** The root without machines that it needs no more. */
export function withoutNodes(record: RootRecord, names: readonly NodeName[]): RootRecord {
  const { nodes = [] } = record
  return { ...record, nodes: nodes.filter(({ name }) => !names.includes(name)) }
}

/**
 * Takes what is left of the root from machines that are none of the fleet's any more: no loop drives them, and the root's record does not have
 * them. Resolves with what to tell, a line each.
 */
export async function clearNodes(
  nodes: readonly FleetNode[],
  root: string,
  world: World,
): Promise<readonly string[]> {
  const path = (await rootPaths(localTransport(), root)).root
  const all = await Promise.all(nodes.map(async (node) => await clear(node, root, path, world)))
  return all.flat()
}

async function clear(node: FleetNode, root: string, path: string, world: World): Promise<readonly string[]> {
  waysOf(world).left.add(node.address)
  await closeWay(world, node.address)
  try {
    const { kept, unreached } = await removeFrom(node, root, path, world)
    const [failed] = unreached
    if (failed !== undefined) return [failureLine(node, path, failed.why)]
    const data = kept.map((line) => `; kept ${line}`).join('')
    return [`node ${node.name} has left the fleet: it has no pods any more, and nothing of the engine${data}`]
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error
    return [failureLine(node, path, error.message)]
  } finally {
    await closeWay(world, node.address)
  }
}

function failureLine({ name }: FleetNode, path: string, why: string): string {
  return `node ${name} has left the fleet and has no pods any more, but what else is in ${path} there could not be removed: ${why}`
}
