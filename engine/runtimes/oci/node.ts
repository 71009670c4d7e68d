import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { NodeInfo } from '../../api/cri.ts'
import type { NodeName } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import type { CgroupLayout } from './cgroups.ts'
import { cgroupDirectories, cgroupLayout, monitorGroups } from './cgroups.ts'
import { runOrFail } from './commands.ts'
import { MOUNT_TABLE, fileSystemOf, parseMountTable } from './mountTable.ts'
import type { RootPaths } from './paths.ts'
import { findPrograms } from './programs.ts'
import { nodeAddresses, parseRoutes, routesCommand } from './routes.ts'
import type { OciProgram } from './runtimeCommands.ts'
import { missingCapabilities, parseBoundingSet } from './spec/capabilities.ts'
import type { Machine, SeccompProfile } from './spec/seccomp.ts'
import { parseSeccompProfile, withoutNewNamespaces } from './spec/seccomp.ts'
import { chooseRuntime } from './trial.ts'

/** What was found out about the node, once. */
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
  /** cgroup.procs files that a monitor writes itself into. */
  readonly monitors: readonly string[]
}

const HOOK_SOURCE = new URL('hook.sh', import.meta.url)
/** A Linux bridge has 1,024 ports. */
const PODS_MAX = 1000

export async function examineNode(
  transport: Transport,
  paths: RootPaths,
  node: NodeName,
): Promise<NodeFacts> {
  const status = await readText(transport, '/proc/self/status')
  requireRoot(status)
  requirePlainPath(paths.root)
  const programs = await findPrograms(transport)
  await prepareRunDirectory(transport, paths)
  const cgroups = cgroupLayout(parseMountTable(await readText(transport, MOUNT_TABLE)))
  const machine = await machineOf(transport)
  const profile = parseSeccompProfile(await readText(transport, programs.seccompProfile))
  if (profile === undefined)
    throw new RuntimeFailure('InvalidNode', `${programs.seccompProfile} is no seccomp profile`)
  const runtime = await chooseRuntime(transport, paths, programs, cgroups)
  const capabilities = parseBoundingSet(status)
  const groups = monitorGroups(cgroups, await readText(transport, '/proc/self/cgroup'), paths.cgroup)
  await Promise.all(groups.map(async (group) => await transport.makeDirectory(group, 0o755)))
  return {
    info: await nodeInfo(transport, node, runtime, warningsFor(capabilities)),
    program: { path: runtime.path, state: paths.runtimeState },
    conmon: programs.conmon,
    nft: programs.nft,
    plugins: programs.plugins,
    hook: await installHook(transport, paths),
    machine,
    capabilities,
    seccomp: withoutNewNamespaces(profile),
    cgroups,
    monitors: groups.map((group) => `${group}/cgroup.procs`),
  }
}

export async function readText(transport: Transport, path: string): Promise<string> {
  const content = await transport.readFile(path)
  return content === undefined ? '' : new TextDecoder().decode(content)
}

function requireRoot(processStatus: string): void {
  if (/^Uid:\s+\d+\s+0\s/m.test(processStatus)) return
  throw new RuntimeFailure('NotRoot', 'containers need root: run it with sudo, or as root', { certain: true })
}

/** These letters separate parts of overlayfs' options and of the rule file. */
function requirePlainPath(root: string): void {
  if (/^[\w./@+-]+$/.test(root)) return
  throw new RuntimeFailure(
    'InvalidRoot',
    `--root ${JSON.stringify(root)} holds letters other than a-z, A-Z, 0-9 and ._@+-`,
    {
      certain: true,
    },
  )
}

/** A tmpfs, so that nothing on it reaches a disk or outlives a boot: /run itself is one nearly everywhere. */
async function prepareRunDirectory(transport: Transport, paths: RootPaths): Promise<void> {
  await transport.makeDirectory(paths.runDir, 0o700)
  const table = parseMountTable(await readText(transport, MOUNT_TABLE))
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

/** By its content's hash: a hook that waits while a new engine comes keeps the script it began with. */
async function installHook(transport: Transport, paths: RootPaths): Promise<string> {
  const script = readFileSync(HOOK_SOURCE)
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 16)
  const path = `${paths.hooks}/${hash}.sh`
  const there = await transport.stat(path)
  if (there?.sizeBytes !== script.length) await transport.writeFile(path, script, 0o500)
  return path
}

async function machineOf(transport: Transport): Promise<Machine> {
  const { stdout } = await runOrFail(
    transport,
    { argv: ['uname', '-m', '-r'] },
    { reason: 'InvalidNode', doing: "asking for the node's architecture" },
  )
  const [kernel = '', machine = ''] = stdout.trim().split(' ')
  return { machine, kernel }
}

async function nodeInfo(
  transport: Transport,
  node: NodeName,
  runtime: { readonly name: string; readonly version: string },
  warnings: readonly string[],
): Promise<NodeInfo> {
  const failing = { reason: 'InvalidNode', doing: "reading the node's routes" }
  const [routes, memory, online, bootId] = await Promise.all([
    runOrFail(transport, routesCommand(), failing),
    readText(transport, '/proc/meminfo'),
    readText(transport, '/sys/devices/system/cpu/online'),
    readText(transport, '/proc/sys/kernel/random/boot_id'),
  ])
  return {
    node,
    runtime: `${runtime.name} ${runtime.version}`,
    bootId: bootId.trim(),
    addresses: nodeAddresses(parseRoutes(routes.stdout)),
    cpuMillis: countCpus(online) * 1000,
    memoryBytes: Number(/^MemTotal:\s+(\d+) kB$/m.exec(memory)?.[1] ?? 0) * 1024,
    podsMax: PODS_MAX,
    warnings,
  }
}

/** `0-3,6` is five. */
export function countCpus(online: string): number {
  return online
    .trim()
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0)
}

function warningsFor(capabilities: ReadonlySet<string>): readonly string[] {
  const missing = missingCapabilities(capabilities)
  if (missing.length === 0) return []
  return [
    `the engine itself lacks ${missing.join(', ')}: no container can have it, not even a privileged one`,
  ]
}

export function nodeCgroupDirectories(facts: NodeFacts, cgroup: string): readonly string[] {
  return cgroupDirectories(facts.cgroups, cgroup)
}
