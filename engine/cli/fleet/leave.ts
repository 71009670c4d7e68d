import { dirname, join } from 'node:path'
import { removeRoot } from '../../runtimes/oci/node/removeRoot.ts'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import { localTransport } from '../../transport/local.ts'
import type { World } from '../world.ts'
import { closeWays } from './driving.ts'
import type { Reached } from './nodes.ts'
import { controlPath, wayTo } from './ways.ts'

/** For `reconcile down`: what is left of the cluster on its nodes, whose pods have ended; what was removed, a line each. */
export async function removeFromNodes(
  nodes: readonly Reached[],
  root: string,
  world: World,
): Promise<readonly string[]> {
  const path = (await rootPaths(localTransport(), root)).root
  // With them the nodes' locks, which the removal takes itself.
  await closeWays(world)
  const removed = nodes.map(async (node) => {
    const transport = await wayTo(node, root, world)
    const lines = await removeRoot({ transport, root: path }, world.signal)
    return lines.map((line) => `${line} on node ${node.name}`)
  })
  const lines = (await Promise.all(removed)).flat()
  await closeWays(world)
  await removeSockets(root)
  return lines
}

/** Those of an ssh that was killed; each other one takes its own away. */
async function removeSockets(root: string): Promise<void> {
  const here = localTransport()
  const control = await controlPath(root)
  const folder = dirname(control)
  const paths = (await here.listDirectory(folder)).map((name) => join(folder, name))
  for (const path of paths) if (path.startsWith(`${control}-`)) await here.remove(path)
  await here.removeEmpty([folder])
}
