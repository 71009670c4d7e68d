import type { NodeInfo } from '../../../api/cri.ts'
import type { NodeName } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { CgroupLayout } from './cgroups.ts'
import { cgroupLayout } from './cgroups.ts'
import { runOrFail } from '../commands.ts'
import type { NodeFeatures } from './features.ts'
import { featureWarnings, nodeFeatures } from './features.ts'
import { readMountTable } from './mountTable.ts'
import type { RootPaths } from '../paths.ts'
import type { Programs } from './programs.ts'
import { findPrograms } from './programs.ts'
import { nodeAddresses, parseRoutes, routesCommand } from '../network/routes.ts'
import { missingCapabilities, parseBoundingSet } from '../spec/capabilities.ts'
import type { Machine, SeccompProfile } from '../spec/seccomp.ts'
import { parseSeccompProfile, withoutNewNamespaces } from '../spec/seccomp.ts'
import { grouplessIn, type OciProgram } from '../runtimeCommands.ts'
import type { ChosenRuntime } from './trial.ts'
import { rememberedRuntime } from './trial.ts'

/** What is found out about a node by looking: nothing is made, nothing but questions is run. */
export interface NodeLook {
  readonly info: NodeInfo
  readonly programs: Programs
  /** The OCI runtime that was chosen in this boot, if one was. */
  readonly program: OciProgram | undefined
  readonly machine: Machine
  readonly capabilities: ReadonlySet<string>
  readonly seccomp: SeccompProfile
  readonly cgroups: CgroupLayout
  readonly features: NodeFeatures
}

/** A Linux bridge has 1,024 ports. */
const PODS_MAX = 1000

/** Rejects when something is missing, naming it and what installs it. */
export async function lookAtNode(transport: Transport, paths: RootPaths, node: NodeName): Promise<NodeLook> {
  const status = await readText(transport, '/proc/self/status')
  requireRoot(status)
  requirePlainPath(paths.root)
  const programs = await findPrograms(transport)
  const profile = parseSeccompProfile(await readText(transport, programs.seccompProfile))
  if (profile === undefined) {
    throw new RuntimeFailure('InvalidNode', `${programs.seccompProfile} is no seccomp profile`)
  }
  const capabilities = parseBoundingSet(status)
  const runtime = await rememberedRuntime(transport, paths, programs)
  // Side by side: each is a process.
  const [machine, addresses, ephemeralStorageBytes] = await Promise.all([
    machineOf(transport),
    addressesOf(transport),
    storageBytes(transport, paths.root),
  ])
  const table = await readMountTable(transport)
  const cgroups = cgroupLayout(table)
  const { root } = paths
  const { kernel } = machine
  const features = await nodeFeatures(transport, { table, cgroups, capabilities, root, kernel })
  const warnings = [...warningsFor(capabilities), ...featureWarnings(features)]
  return {
    info: {
      ...(await nodeInfo(transport, node, runtimeText(runtime, programs), warnings)),
      addresses,
      architecture: GO_ARCHITECTURES[machine.machine] ?? machine.machine,
      ...(ephemeralStorageBytes !== undefined && { ephemeralStorageBytes }),
    },
    programs,
    program:
      runtime === undefined
        ? undefined
        : { path: runtime.path, state: paths.runtimeState, ...grouplessIn(cgroups) },
    machine,
    capabilities,
    seccomp: withoutNewNamespaces(profile),
    cgroups,
    features,
  }
}

/** Which one works here is known once pods have been made. */
function runtimeText(chosen: ChosenRuntime | undefined, programs: Programs): string {
  return chosen === undefined
    ? programs.runtimes.map(({ name }) => name).join(' or ')
    : `${chosen.name} ${chosen.version}`
}

export async function readText(transport: Pick<Transport, 'readFile'>, path: string): Promise<string> {
  const content = await transport.readFile(path)
  return content === undefined ? '' : new TextDecoder().decode(content)
}

/** The kernel makes it at each boot: https://docs.kernel.org/admin-guide/sysctl/kernel.html#random */
export const BOOT_ID = '/proc/sys/kernel/random/boot_id'

export async function readBootId(transport: Pick<Transport, 'readFile'>): Promise<string> {
  return (await readText(transport, BOOT_ID)).trim()
}

/** As /proc/self/status has it. */
export function isRoot(processStatus: string): boolean {
  return /^Uid:\s+\d+\s+0\s/m.test(processStatus)
}

function requireRoot(processStatus: string): void {
  if (isRoot(processStatus)) return
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

async function machineOf(transport: Transport): Promise<Machine> {
  const { stdout } = await runOrFail(
    transport,
    { argv: ['uname', '-m', '-r'] },
    { reason: 'InvalidNode', doing: "asking for the node's architecture" },
  )
  const [kernel = '', machine = ''] = stdout.trim().split(' ')
  return { machine, kernel }
}

/** What kubernetes.io/arch says of a machine as `uname -m` names it. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  i686: '386',
}

/** The whole file system, as a kubelet reports ephemeral-storage. The root may not exist yet: then its nearest parent is asked about. */
async function storageBytes(transport: Transport, root: string): Promise<number | undefined> {
  for (let path = root; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const at = path === '' ? '/' : path
    const { exitCode, stdout } = await transport.run({ argv: ['df', '-B1', '--output=size', at] })
    const bytes = Number(/^\s*(\d+)\s*$/m.exec(stdout)?.[1])
    if (exitCode === 0 && bytes > 0) return bytes
    if (at === '/') return undefined
  }
}

async function addressesOf(transport: Transport): Promise<readonly string[]> {
  const failing = { reason: 'InvalidNode', doing: "reading the node's routes" }
  const { stdout } = await runOrFail(transport, routesCommand('IPv4'), failing)
  return nodeAddresses(parseRoutes(stdout))
}

async function nodeInfo(
  transport: Transport,
  node: NodeName,
  runtime: string,
  warnings: readonly string[],
): Promise<Omit<NodeInfo, 'addresses'>> {
  const [memory, online, bootId, kernel, release] = await Promise.all([
    readText(transport, '/proc/meminfo'),
    readText(transport, '/sys/devices/system/cpu/online'),
    readBootId(transport),
    readText(transport, '/proc/sys/kernel/osrelease'),
    readText(transport, '/etc/os-release'),
  ])
  const osImage = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1]
  return {
    node,
    runtime,
    bootId,
    kernelVersion: kernel.trim(),
    ...(osImage !== undefined && { osImage }),
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
