import type { RootRecord } from '../../api/records.ts'
import { otherRuntime } from '../../api/runtimeLimits.ts'
import { isRoot, readText } from '../../runtimes/oci/node/node.ts'
import { choosePodCidr, lockRoot, readRoot, writeRoot } from '../../runtimes/oci/node/root.ts'
import { readFleetState } from '../../reconciler/mirrors/fleetFile.ts'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import { RuntimeFailure } from '../../runtimes/runtime.ts'
import { parseSshAddress } from '../../transport/ssh/address.ts'
import { sshTransport } from '../../transport/ssh/ssh.ts'
import type { Transport } from '../../transport/transport.ts'
import { TransportError } from '../../transport/transport.ts'
import { localTransport } from '../../transport/local.ts'
import { UserError } from '../userError.ts'
import type { World } from '../world.ts'
import { type Ways, waysOf } from './driving.ts'
import type { Reached } from './nodes.ts'

/** The folder's path is the same on all machines. */
export async function wayTo(node: Reached, root: string, world: World): Promise<Transport> {
  const { root: real, rootId } = await rootPaths(localTransport(), root)
  const control = await controlPath(root)
  const all = waysOf(world)
  const known = all.open.get(node.address)
  if (known !== undefined) return known
  const address = parseSshAddress(node.address)
  if (address === undefined)
    throw new UserError(`node ${node.name}: ${node.address} is no address of a machine`)
  const made = sshTransport({
    address,
    control,
    environment: definedOf(world.environment),
    ...(node.runtime === 'podman' && { account: { root: real, id: rootId } }),
    greet: async (transport) => await greet(node, real, all, transport, () => way),
  })
  // Where it leads to is looked at when it is connected, and needs no connection here.
  const way = {
    ...made,
    realPath: async (path: string, signal?: AbortSignal) =>
      path === real ? real : await made.realPath(path, signal),
  }
  all.open.set(node.address, way)
  return way
}

/** Sockets of ssh are named after it, on a tmpfs. Beside the root's folder there, which may get a tmpfs of its own. */
export async function controlPath(root: string): Promise<string> {
  return `${(await rootPaths(localTransport(), root)).runDir}.ssh`
}

/** On each new connection, before anything else goes over it. */
async function greet(
  node: Reached,
  root: string,
  { holder, left, mirrors: mirroring, record }: Ways,
  transport: Transport,
  way: () => Transport,
): Promise<void> {
  if (!isRoot(await readText(transport, '/proc/self/status')))
    throw new TransportError(
      `node ${node.name}: the account of ${node.address} is not root, and has pods by podman alone: say runtime: podman in the Node, or name the address of an account that is root`,
    )
  const real = await transport.realPath(root)
  if (real !== root)
    throw new TransportError(
      `node ${node.name}: ${root} leads to ${real} there; name the real folder with --root`,
    )
  if (holder === undefined || left.has(node.address)) return
  const mirrors = await mirroring
  const paths = await rootPaths(localTransport(), root)
  const found = mirrors === undefined ? undefined : await readFleetState(transport, paths)
  // Before the lock, which the other head may have.
  if (found !== undefined) mirrors?.assertOurs(node.name, found)
  const locked = await lockRoot(transport, root, holder)
  if (locked.kind === 'held')
    throw new TransportError(`node ${node.name}: another engine works on it, ${locked.by}; wait for its end`)
  if (record === undefined) return
  try {
    await giveRoot(node, root, record, transport)
  } catch (error) {
    throw error instanceof UserError ? new TransportError(error.message) : error
  }
  mirrors?.met(node.name, way(), found)
}

/** Rejects when the node's root is another engine's. */
export async function giveRoot(
  node: Reached,
  root: string,
  record: RootRecord,
  transport: Transport,
): Promise<void> {
  const before = await readRoot(transport, root)
  if (before !== undefined && before.hashKey !== record.hashKey) {
    const { cluster, repository } = before.owner
    throw new UserError(
      `node ${node.name}: ${root} there is of another head, cluster ${cluster} of ${repository}; run reconcile down there, or name another --root`,
    )
  }
  const clusterCIDR = record.clusterCIDR ?? record.podCIDR
  if (before === undefined) await assertRoutes(node, root, clusterCIDR, transport)
  const own = record.nodes?.find(({ name }) => name === node.name)
  const { nodes: _, runtime: __, ...rest } = record
  const wanted = { ...rest, podCIDR: own?.podCIDR ?? clusterCIDR, clusterCIDR, ...otherRuntime(own?.runtime) }
  if (JSON.stringify(wanted) !== JSON.stringify(before)) await writeRoot(transport, root, wanted)
}

/** A machine that had no pods of this root yet may lead the pods' addresses elsewhere. */
async function assertRoutes(
  { name }: Reached,
  root: string,
  clusterCIDR: string,
  transport: Transport,
): Promise<void> {
  try {
    await choosePodCidr([{ transport, node: name }], root, clusterCIDR)
  } catch (error) {
    throw error instanceof RuntimeFailure ? new UserError(error.message) : error
  }
}

function definedOf(environment: World['environment']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
