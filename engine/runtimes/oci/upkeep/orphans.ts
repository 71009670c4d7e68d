import { setTimeout } from 'node:timers/promises'
import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import type { CgroupLayout } from '../node/cgroups.ts'
import { cgroupDirectories } from '../node/cgroups.ts'
import { readText } from '../node/node.ts'
import { podPaths } from '../paths.ts'
import { removeGroups } from '../pods/clearSandbox.ts'
import { parseRecord } from '../pods/podListing.ts'
import { removePod } from '../pods/removePod.ts'
import { parseSandbox } from '../pods/sandbox.ts'
import type { OciNode } from '../ociNode.ts'
import { podUidOf } from './podUidOf.ts'
import type { Looking, Repair } from './repair.ts'
import { SIGKILL } from '../containers/signals.ts'

/**
 * What runs here for pods that nothing tells of any more: neither a record nor its copy. All of it is found by names that carry the root's id, so
 * nothing of another root, or of anybody else, is ever among it.
 */
export async function orphanRepairs(looking: Looking, node: OciNode): Promise<readonly Repair[]> {
  const { cgroups } = await node.look()
  const candidates = await withTraces(looking, cgroups)
  // After the traces: a pod has its record before it has anything else, and loses it last.
  const orphans: Repair[] = []
  for (const uid of candidates) {
    if (await hasRecord(looking, uid)) continue
    if (!(await withTraces(looking, cgroups)).has(uid)) continue
    orphans.push(await orphanRepair(looking, node, uid))
  }
  return orphans
}

async function withTraces(
  { paths, transport }: Looking,
  cgroups: CgroupLayout,
): Promise<ReadonlySet<PodUid>> {
  const [runs, containers, ...groups] = await Promise.all([
    transport.listDirectory(paths.runPods),
    transport.listDirectory(paths.runtimeState),
    ...cgroupDirectories(cgroups, paths.cgroup).map((path) => transport.listDirectory(path)),
  ])
  const names = [
    ...runs,
    ...containers,
    ...groups.flat().flatMap((name) => (name.startsWith('pod') ? [name.slice('pod'.length)] : [])),
  ]
  return new Set(names.flatMap((name) => podUidOf(name) ?? []))
}

/** Also one of another version, and a damaged one that has no copy: whose it is somebody has to find out. */
async function hasRecord({ paths, transport }: Looking, uid: PodUid): Promise<boolean> {
  const pod = podPaths(paths, uid)
  if ((await transport.stat(pod.record)) !== undefined) return true
  return typeof parseRecord(await readText(transport, pod.recordCopy)) !== 'string'
}

async function orphanRepair(
  { paths, transport }: Looking,
  { endContainers }: Pick<OciNode, 'endContainers'>,
  uid: PodUid,
): Promise<Repair> {
  const pod = podPaths(paths, uid)
  const hostname = parseSandbox(await readText(transport, pod.sandbox))?.hostname
  const called = hostname === undefined ? '' : ` (hostname ${hostname})`
  const mend: Repair['mend'] = async (context, signal) => {
    await endContainers?.(uid, signal)
    await removePod(context, uid, signal)
    for (const path of cgroupDirectories(context.facts.cgroups, pod.cgroup)) await endGroup(transport, path)
    return 'it was ended and cleared away'
  }
  return { found: `something runs, or is left, of pod ${uid}${called}, which has no record`, mend }
}

const ROUNDS = 50
const ROUND_MS = 20

/** Processes that no runtime knows of any more: its state was removed, too. */
async function endGroup(transport: Transport, path: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    if ((await transport.stat(path)) === undefined || (await removeGroups(transport, path))) return
    const files = await transport.readTree(path, { names: new Set(['cgroup.procs']), depth: 4 })
    const pids = files.flatMap(({ content = '' }) => content.split('\n').filter(Boolean).map(Number))
    for (const pid of pids) if (pid > 1) await transport.signal(pid, SIGKILL)
    await setTimeout(ROUND_MS)
  }
  throw new Error(`processes in ${path} do not end`)
}
