import { sha256Hex } from '../images/digest.ts'
import { readFileSync } from 'node:fs'
import type { NodeInfo } from '../../../api/cri.ts'
import type { Transport } from '../../../transport/transport.ts'
import { isCutOffWrite } from '../../../transport/transport.ts'
import type { CgroupLayout } from './cgroups.ts'
import { cgroupDirectories, monitorGroups } from './cgroups.ts'
import { runOrFail } from '../commands.ts'
import type { NodeFeatures } from './features.ts'
import { EVENTS_BYTES_MAX } from '../hook/events.ts'
import { HOOK_SOURCE } from '../hook/hookCommands.ts'
import { fileSystemOf, readMountTable } from './mountTable.ts'
import type { NodeLook } from './node.ts'
import { readText } from './node.ts'
import type { RootPaths } from '../paths.ts'
import { grouplessIn, type OciProgram } from '../runtimeCommands.ts'
import type { Machine, SeccompProfile } from '../spec/seccomp.ts'
import { chooseRuntime } from './trial.ts'

/** What the verbs that act must know of a node that has been made ready for pods. */
export interface NodeFacts {
  readonly info: NodeInfo
  readonly program: OciProgram
  readonly conmon: string
  readonly nft: string
  readonly plugins: string
  readonly hook: string
  readonly machine: Machine
  readonly capabilities: ReadonlySet<string>
  readonly seccomp: SeccompProfile
  readonly cgroups: CgroupLayout
  readonly features: NodeFeatures
  /** cgroup.procs files that a monitor writes itself into. */
  readonly monitors: readonly string[]
}

/** Makes the root's folders, tries the runtimes, and clears what a removal that was cut off has left. */
export async function prepareNode(
  transport: Transport,
  paths: RootPaths,
  look: NodeLook,
): Promise<NodeFacts> {
  const { capabilities, cgroups, features, info, machine, programs, seccomp } = look
  await prepareRunDirectory(transport, paths)
  await sweep(transport, paths)
  const runtime = await chooseRuntime(transport, paths, programs, cgroups)
  const groups = monitorGroups(cgroups, await readText(transport, '/proc/self/cgroup'), paths.cgroup)
  await Promise.all(groups.map(async (group) => await transport.makeDirectory(group, 0o755)))
  return {
    info: { ...info, runtime: `${runtime.name} ${runtime.version}` },
    program: { path: runtime.path, state: paths.runtimeState, ...grouplessIn(cgroups) },
    conmon: programs.conmon,
    nft: programs.nft,
    plugins: programs.plugins,
    hook: await installHook(transport, paths),
    machine,
    capabilities,
    seccomp,
    cgroups,
    features,
    monitors: groups.map((group) => `${group}/cgroup.procs`),
  }
}

/** A tmpfs, so that nothing on it reaches a disk or outlives a boot: /run itself is one nearly everywhere. */
export async function prepareRunDirectory(transport: Transport, paths: RootPaths): Promise<void> {
  await transport.makeDirectory(paths.runDir, 0o700)
  const table = await readMountTable(transport)
  if (fileSystemOf(table, paths.runDir)?.type !== 'tmpfs') {
    const argv = [
      'mount',
      '-t',
      'tmpfs',
      '-o',
      'mode=0700,size=20%,nosuid,nodev',
      'reconcile',
      paths.runDir,
    ] as const
    await runOrFail(
      transport,
      { argv },
      { reason: 'InvalidNode', doing: `mounting a tmpfs on ${paths.runDir}` },
    )
  }
  await transport.makeDirectory(paths.runPods, 0o700)
  await transport.makeDirectory(paths.pods, 0o700)
  await transport.writeTree(paths.root, [{ path: 'hook', mode: 0o700, what: { kind: 'directory' } }])
  if ((await transport.stat(paths.events)) === undefined) await transport.writeFile(paths.events, '', 0o600)
}

/** The hook of this engine, and where it stands on the node. */
export function ownHook(paths: Pick<RootPaths, 'hooks'>): { readonly path: string; readonly script: Buffer } {
  const script = readFileSync(HOOK_SOURCE)
  return { script, path: `${paths.hooks}/${sha256Hex(script).slice(0, 16)}.sh` }
}

/** By its content's hash: a hook that waits while a new engine comes keeps the script it began with. */
export async function installHook(transport: Transport, paths: RootPaths): Promise<string> {
  const { path, script } = ownHook(paths)
  const there = await transport.stat(path)
  if (there !== undefined && there.kind !== 'file') await transport.remove(path)
  if (there?.kind !== 'file' || there.sizeBytes !== script.length)
    await transport.writeFile(path, script, 0o500)
  return path
}

export async function shortenEvents(transport: Transport, paths: RootPaths): Promise<void> {
  const events = await transport.stat(paths.events)
  if (events === undefined || events.sizeBytes <= EVENTS_BYTES_MAX) return
  // In place: hooks append to it, and an engine watches it.
  const what = { kind: 'file', content: '' } as const
  await transport.writeTree(paths.root, [{ path: 'events', mode: 0o600, what }])
}

/** Empties a long events file, and clears folders of pods that were never made or are all but removed. */
async function sweep(transport: Transport, paths: RootPaths): Promise<void> {
  await shortenEvents(transport, paths)
  const names = await transport.listDirectory(paths.pods)
  const left = await transport.removeEmpty(names.map((name) => `${paths.pods}/${name}`))
  await Promise.all(left.map(async (path) => await removeUnrecorded(transport, path)))
}

/** The folder of a pod whose record was being written when the engine was killed: nothing else was made of it. */
async function removeUnrecorded(transport: Transport, path: string): Promise<void> {
  if ((await transport.stat(`${path}/pod.json`)) !== undefined) return
  if ((await transport.listDirectory(path)).every(isCutOffWrite)) await transport.remove(path)
}

export function nodeCgroupDirectories(facts: NodeFacts, cgroup: string): readonly string[] {
  return cgroupDirectories(facts.cgroups, cgroup)
}
