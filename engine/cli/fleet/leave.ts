import { dirname, join } from 'node:path'
import type { FleetNode } from '../../api/records.ts'
import { keptData, removeRoot } from '../../runtimes/oci/node/removeRoot.ts'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import { accountOf, leaveAccount } from '../../runtimes/podman/account.ts'
import { localTransport } from '../../transport/local.ts'
import { TransportError } from '../../transport/transport.ts'
import type { World } from '../world.ts'
import { closeWays } from './driving.ts'
import { controlPath, wayTo } from './ways.ts'

export interface Left {
  /** What was removed, a line each. */
  readonly removed: readonly string[]
  /** Folders with data of claims, each with its node. */
  readonly kept: readonly string[]
  /** What they have is there still. */
  readonly unreached: readonly { readonly node: FleetNode; readonly why: string }[]
}

/** For `reconcile down`: takes what is left of the cluster from its nodes, whose pods have ended. */
export async function removeFromNodes(
  nodes: readonly FleetNode[],
  root: string,
  world: World,
): Promise<Left> {
  const path = (await rootPaths(localTransport(), root)).root
  // With them the nodes' locks, which the removal takes itself.
  await closeWays(world)
  const all = await Promise.all(nodes.map(async (node) => await removeFrom(node, root, path, world)))
  await closeWays(world)
  await removeSockets(root)
  return {
    removed: all.flatMap(({ removed }) => removed),
    kept: all.flatMap(({ kept }) => kept),
    unreached: all.flatMap(({ unreached }) => unreached),
  }
}

export async function removeFrom(node: FleetNode, root: string, path: string, world: World): Promise<Left> {
  const on = (line: string): string => `${line} on node ${node.name}`
  try {
    const transport = await wayTo(node, root, world)
    const removed = await removeRoot({ transport, root: path }, world.signal)
    const within = await keptData(transport, await rootPaths(transport, path))
    const account = await accountOf(transport)
    // As it is called outside of the account's namespaces, which are gone then.
    const kept =
      account === undefined ? within : within.map((one) => one.replace(path, `${account.folder}/disk`))
    await leaveAccount(transport, kept.length > 0)
    return { removed: removed.map(on), kept: kept.map(on), unreached: [] }
  } catch (error) {
    if (!(error instanceof TransportError) || world.signal.aborted) throw error
    return { removed: [], kept: [], unreached: [{ node, why: error.message }] }
  }
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
