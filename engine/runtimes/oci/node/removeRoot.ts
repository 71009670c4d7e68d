import { setTimeout } from 'node:timers/promises'
import type { PodUid } from '../../../api/names.ts'
import { nodeName, podUid } from '../../../api/names.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { cgroupDirectories, cgroupLayout } from './cgroups.ts'
import { runCommand, runOrFail } from '../commands.ts'
import { dnsPaths } from '../dns/paths.ts'
import { removeServer } from '../dns/server.ts'
import { ingressPaths } from '../ingress/paths.ts'
import { removeProxy } from '../ingress/proxy.ts'
import { isObject, parseJson } from '../json.ts'
import { putBackSettings } from '../network/hostSettings.ts'
import { dropTables } from '../network/masquerade.ts'
import { removeNetwork } from '../network/nodes/nodes.ts'
import { removeNatTraces } from '../network/portmapTraces.ts'
import { mountedBelow, readMountTable } from './mountTable.ts'
import { readText } from './node.ts'
import { endDocker } from '../../docker/remove.ts'
import { endPodman } from '../../podman/removeStore.ts'
import type { RootPaths } from '../paths.ts'
import { podPaths, rootPaths } from '../paths.ts'
import { findProgram } from './programs.ts'
import { removeGroups } from '../pods/clearSandbox.ts'
import { disarmPod, releaseContainers, removePod } from '../pods/removePod.ts'
import { lockRoot, readRoot } from './root.ts'
import { ociNode } from '../ociNode.ts'
import type { SandboxContext } from '../pods/sandbox.ts'
import { unmountCommand } from '../pods/sandbox.ts'
import { endStrayMonitors } from '../upkeep/monitors.ts'

export interface RemoveRootOptions {
  readonly transport: Transport
  readonly root: string
  readonly runDir?: string
}

/**
 * For `reconcile down`: ends and removes whatever pods are left (at once, without grace: the caller has stopped those that
 * deserve it), then the bridge, the nftables table, the cgroups, the folder in /run with its tmpfs, and the root itself
 * with images, layers and records. What was removed, a line each, for people. Done twice it is done once.
 * A folder without a root.json is not touched; what runs from one whose folder has been deleted goes all the same.
 */
export async function removeRoot(
  options: RemoveRootOptions,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { transport } = options
  const paths = await rootPaths(transport, options.root, options.runDir)
  const record = await readRoot(transport, paths.root)
  const gone = (await transport.stat(paths.root)) === undefined
  if (record === undefined && (await transport.stat(paths.runDir)) === undefined) return []
  await using _lock = await lockedRoot(transport, paths)
  const hasPodman = await endPodman(transport, paths, signal)
  const hasDocker = await endDocker(transport, paths, signal)
  const pods = await removePods(options, paths, record?.podCIDR, signal)
  await endStrayMonitors(transport, paths)
  const steps = [
    ...pods,
    hasPodman ? `podman's store of this root` : undefined,
    hasDocker ? 'what docker had of this root' : undefined,
    await removeIngress(transport, paths, signal),
    await removeDns(transport, paths, signal),
    await removeNetwork({ transport, paths }, signal),
    await removeBridge(transport, paths, signal),
    await removeTable(transport, paths, signal),
    ...(await leaveHost(transport, paths, signal)),
    await removeRunDirectory(transport, paths, signal),
    await removeCgroups(transport, paths, signal),
    record === undefined ? undefined : paths.root,
  ]
  if (record !== undefined || gone) await removeRootDirectory(transport, paths)
  else await transport.remove(paths.lockFile)
  return steps.filter((step) => step !== undefined)
}

/** Until the end: an engine that comes in between must not make pods in what is being removed. */
async function lockedRoot(transport: Transport, paths: RootPaths): Promise<AsyncDisposable> {
  const locked = await lockRoot(transport, paths.root, JSON.stringify({ command: 'reconcile down' }))
  if (locked.kind === 'locked') return locked.lock
  throw new RuntimeFailure(
    'RemoveFailed',
    `removing ${paths.root}: another engine has begun to work on it: ${locked.by}`,
  )
}

/** Not used when an address is given back, but the plugin wants one. */
const ANY_CIDR = '10.0.0.0/8'

async function removePods(
  options: RemoveRootOptions,
  paths: RootPaths,
  podCIDR: string | undefined,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { transport } = options
  const uids = new Set([
    ...(await transport.listDirectory(paths.pods)),
    ...(await transport.listDirectory(paths.runPods)),
  ])
  if (uids.size === 0) return []
  const node = await ociNode({ ...options, node: nodeName('') })
  const facts = await node.facts()
  const network = { plugins: facts.plugins, podCIDR: podCIDR ?? ANY_CIDR, paths }
  const context: SandboxContext = { transport, paths, images: node.images, facts, network }
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

async function removeIngress(
  transport: Transport,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const proxy = { transport, paths: ingressPaths(paths) }
  return (await removeProxy(proxy, signal)) ? 'the Ingress proxy' : undefined
}

async function removeDns(
  transport: Transport,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const server = { transport, paths: dnsPaths(paths) }
  return (await removeServer(server, signal)) ? 'the DNS server' : undefined
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
  const listing: Command = { argv: ['nft', '--terse', 'list', 'chains'] }
  const { stdout } = await runCommand(transport, listing, failing, signal)
  const ours = ['ip', 'ip6'].flatMap((family) => [
    `${family} ${paths.table}`,
    `${family} ${paths.serviceTable}`,
  ])
  const there = ours.filter((table) => stdout.includes(`table ${table} {`))
  if (there.length === 0) return undefined
  await runOrFail(transport, dropTables('nft', there), failing, signal)
  const names = [...new Set(there.map((table) => table.split(' ')[1]))]
  return `nftables ${names.length === 1 ? 'table' : 'tables'} ${names.join(', ')}`
}

/** What the host was before the first root came, once the last one leaves. */
async function leaveHost(
  transport: Transport,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const all = await transport.listDirectory(`${paths.runDir}/..`)
  const own = paths.runDir.split('/').at(-1)
  const others = all.filter((name) => name !== own && name !== 'host' && !name.includes('.'))
  if (others.length > 0) return []
  const done = [
    ...(await removeNatTraces(transport, paths, signal)),
    ...(await putBackSettings(transport, paths)),
  ]
  await transport.removeEmpty([paths.host])
  return done
}

async function removeRunDirectory(
  transport: Transport,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // Of an engine that was killed.
  await transport.remove(paths.socket)
  if ((await transport.stat(paths.runDir)) === undefined) return undefined
  const table = await readMountTable(transport)
  const mounted = mountedBelow(table, paths.runDir)
  const failing = { reason: 'RemoveFailed', doing: `unmounting ${paths.runDir}` }
  if (mounted.length > 0) await runOrFail(transport, unmountCommand(mounted), failing, signal)
  await transport.remove(paths.runDir)
  // The folder that all roots have theirs in, once it is empty.
  await transport.removeEmpty([paths.runDir.slice(0, paths.runDir.lastIndexOf('/'))])
  return paths.runDir
}

/** Monitors end a moment after their containers, and the kernel keeps a group for as long as somebody is in it. */
const CGROUP_WAIT_MS = 5_000
const CGROUP_LOOK_MS = 50

async function removeCgroups(
  transport: Transport,
  paths: RootPaths,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const layout = cgroupLayout(await readMountTable(transport))
  const parents = cgroupDirectories(layout, paths.cgroup)
  const statuses = await Promise.all(parents.map(async (path) => await transport.stat(path)))
  const there = parents.filter((_, index) => statuses[index] !== undefined)
  if (there.length === 0) return undefined
  const until = performance.now() + CGROUP_WAIT_MS
  for (const parent of there) {
    while (!(await removeGroups(transport, parent))) {
      if (performance.now() > until) throw busyGroup(parent)
      await setTimeout(CGROUP_LOOK_MS, undefined, signal === undefined ? {} : { signal })
    }
  }
  return `cgroups ${paths.cgroup}`
}

function busyGroup(path: string): RuntimeFailure {
  return new RuntimeFailure(
    'RemoveFailed',
    `removing cgroup ${path}: processes are still in it, or below it; end them and run reconcile down again`,
  )
}

/** Data that people may still want: of claims, and of those that are gone. Empty folders are not kept. */
export async function keptData(
  transport: Transport,
  paths: Pick<RootPaths, 'claims' | 'trash'>,
): Promise<readonly string[]> {
  const namespaces = await transport.listDirectory(paths.claims)
  await transport.removeEmpty(namespaces.map((name) => `${paths.claims}/${name}`))
  return await transport.removeEmpty([paths.claims, paths.trash])
}

/**
 * All but the data of claims, and the seccomp profiles, which people have put there. root.json tells that the rest is ours, so it stays until
 * there is no rest; the lock goes last.
 */
async function removeRootDirectory(transport: Transport, paths: RootPaths): Promise<void> {
  const { lockFile, root, rootFile, seccompProfiles } = paths
  const kept = new Set([seccompProfiles, ...(await keptData(transport, paths))])
  const last = [rootFile, lockFile]
  const all = (await transport.listDirectory(root)).map((name) => `${root}/${name}`)
  for (const path of all) if (!kept.has(path) && !last.includes(path)) await transport.remove(path)
  for (const path of last) await transport.remove(path)
  await transport.removeEmpty([seccompProfiles, root])
}
