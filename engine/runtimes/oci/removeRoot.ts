import type { PodUid } from '../../api/names.ts'
import { nodeName, podUid } from '../../api/names.ts'
import type { Command, Transport } from '../../transport/transport.ts'
import { cgroupDirectories, cgroupLayout } from './cgroups.ts'
import { runCommand, runOrFail } from './commands.ts'
import { isObject, parseJson } from './json.ts'
import { deleteTableCommand } from './masquerade.ts'
import { MOUNT_TABLE, mountedBelow, parseMountTable } from './mountTable.ts'
import { readText } from './node.ts'
import type { RootPaths } from './paths.ts'
import { podPaths, rootPaths } from './paths.ts'
import { findProgram } from './programs.ts'
import { disarmPod, releaseContainers, removePod } from './removePod.ts'
import { ociNode } from './runtime.ts'
import type { SandboxContext } from './sandbox.ts'
import { unmountCommand } from './sandbox.ts'

export interface RemoveRootOptions {
  readonly transport: Transport
  readonly root: string
  readonly runDir?: string
}

/**
 * For `reconcile down`: ends and removes whatever pods are left (at once, without grace: the caller has stopped those that
 * deserve it), then the bridge, the nftables table, the cgroups, the folder in /run with its tmpfs, and the root itself
 * with images, layers and records. What was removed, a line each, for people. Done twice it is done once.
 */
export async function removeRoot(
  options: RemoveRootOptions,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { transport } = options
  const paths = await rootPaths(transport, options.root, options.runDir)
  const pods = await removePods(options, paths, signal)
  const steps = [
    ...pods,
    await removeBridge(transport, paths, signal),
    await removeTable(transport, paths, signal),
    await removeRunDirectory(transport, paths, signal),
    await removeCgroups(transport, paths),
    await removeRootDirectory(transport, paths),
  ]
  return steps.filter((step) => step !== undefined)
}

async function removePods(
  options: RemoveRootOptions,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { transport } = options
  const uids = new Set([
    ...(await transport.listDirectory(paths.pods)),
    ...(await transport.listDirectory(paths.runPods)),
  ])
  if (uids.size === 0) return []
  const node = await ociNode({ ...options, node: nodeName('') })
  const context = await node.context()
  const removed: string[] = []
  for (const uid of uids) {
    const name = await podName(context, podUid(uid))
    await endPod(context, podUid(uid), signal)
    removed.push(`pod ${name}`)
  }
  return removed
}

/** As its record tells; its uid where that cannot be read. */
async function podName({ paths, transport }: SandboxContext, uid: PodUid): Promise<string> {
  const record = parseJson(await readText(transport, podPaths(paths, uid).record))
  const pod = isObject(record) ? record['pod'] : undefined
  const metadata = isObject(pod) ? pod['metadata'] : undefined
  return isObject(metadata) ? `${String(metadata['namespace'])}/${String(metadata['name'])}` : uid
}

async function endPod(context: SandboxContext, uid: PodUid, signal?: AbortSignal): Promise<void> {
  await disarmPod(context, uid, signal)
  await releaseContainers(context, uid, signal)
  await removePod(context, uid, signal)
}

async function removeBridge(
  transport: Transport,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if ((await transport.stat(`/sys/class/net/${paths.bridge}`)) === undefined) return undefined
  const command: Command = { argv: ['ip', 'link', 'delete', paths.bridge] }
  await runOrFail(
    transport,
    command,
    { reason: 'RemoveFailed', doing: `deleting bridge ${paths.bridge}` },
    signal,
  )
  return `bridge ${paths.bridge}`
}

async function removeTable(
  transport: Transport,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const failing = { reason: 'RemoveFailed', doing: `deleting nftables table ${paths.table}` }
  // Without the program no table was ever made.
  if ((await findProgram(transport, 'nft')) === undefined) return undefined
  const listed = await runCommand(transport, { argv: ['nft', 'list', 'tables', 'ip'] }, failing, signal)
  if (!listed.stdout.split('\n').includes(`table ip ${paths.table}`)) return undefined
  await runOrFail(transport, deleteTableCommand('nft', paths.table), failing, signal)
  return `nftables table ${paths.table}`
}

async function removeRunDirectory(
  transport: Transport,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if ((await transport.stat(paths.runDir)) === undefined) return undefined
  const table = parseMountTable(await readText(transport, MOUNT_TABLE))
  const mounted = mountedBelow(table, paths.runDir)
  const failing = { reason: 'RemoveFailed', doing: `unmounting ${paths.runDir}` }
  if (mounted.length > 0) await runOrFail(transport, unmountCommand(mounted), failing, signal)
  await transport.remove(paths.runDir)
  // The folder that all roots have theirs in, once it is empty.
  await transport.removeEmpty([paths.runDir.slice(0, paths.runDir.lastIndexOf('/'))])
  return paths.runDir
}

async function removeCgroups(transport: Transport, paths: RootPaths): Promise<string | undefined> {
  const layout = cgroupLayout(parseMountTable(await readText(transport, MOUNT_TABLE)))
  const parents = cgroupDirectories(layout, paths.cgroup)
  const statuses = await Promise.all(parents.map(async (path) => await transport.stat(path)))
  const there = parents.filter((_, index) => statuses[index] !== undefined)
  if (there.length === 0) return undefined
  for (const parent of there) await removeTreeOfGroups(transport, parent)
  return `cgroups ${paths.cgroup}`
}

async function removeTreeOfGroups(transport: Transport, path: string): Promise<void> {
  const groups = await transport.readTree(path, { names: new Set(), depth: 4 })
  const deepestFirst = groups.map((group) => `${path}/${group.path}`).toReversed()
  await transport.removeEmpty([...deepestFirst, path])
}

/** All but the seccomp profiles, which people have put there. */
async function removeRootDirectory(transport: Transport, paths: RootPaths): Promise<string | undefined> {
  const { root, seccompProfiles } = paths
  if ((await transport.stat(root)) === undefined) return undefined
  for (const name of await transport.listDirectory(root)) {
    if (`${root}/${name}` !== seccompProfiles) await transport.remove(`${root}/${name}`)
  }
  await transport.removeEmpty([seccompProfiles, root])
  return root
}
