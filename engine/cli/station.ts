import type { Cluster, Node } from '../api/generated/types.ts'
import { type NodeName, nodeName } from '../api/names.ts'
import type { RootRecord } from '../api/records.ts'
import { type NodeRuntime, otherRuntime, runtimeOf } from '../api/runtimeLimits.ts'
import type { Desired } from '../api/snapshot.ts'
import { EVENT_FILE } from '../daemon/events/eventPath.ts'
import { lockRoot, readRoot } from '../runtimes/oci/node/root.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { redactUrls } from '../source/redact.ts'
import { localTransport } from '../transport/local.ts'
import type { Transport } from '../transport/transport.ts'
import { isCutOffWrite } from '../transport/transport.ts'
import { CREATE_RUNTIME } from './createRuntime.ts'
import { driveNodes } from './fleet/driving.ts'
import { assertFleet, fleetNodes, LOCAL, ownName } from './fleet/nodes.ts'
import type { Invocation } from './invocation.ts'
import { commandText } from './invocation.ts'
import { rootFolder } from './place.ts'
import { assertRights } from './rights.ts'
import { UserError } from './userError.ts'
import { EXIT, type World } from './world.ts'

/** The root on this machine, and the way to it. */
export interface Station {
  readonly root: string
  readonly transport: Transport
  /** Absent: nothing was ever run here. */
  readonly record: RootRecord | undefined
}

/** Something was run here before. */
export interface UsedStation extends Station {
  readonly record: RootRecord
}

export async function openStation(invocation: Invocation, world: World): Promise<Station> {
  assertRights(invocation, world)
  const root = rootFolder(invocation, world)
  const transport = localTransport()
  return { root, transport, record: await readRoot(transport, root) }
}

/** As `openStation`, for commands that make no sense where nothing runs. */
export async function openUsedStation(invocation: Invocation, world: World): Promise<UsedStation> {
  const station = await openStation(invocation, world)
  const { record } = station
  if (record !== undefined) return { ...station, record }
  throw new UserError(
    `nothing was ever run on ${station.root}: apply a repository with reconcile --once, or name another --root`,
  )
}

/** What an engine that was cut off at its very beginning may have left. */
const OURS = new Set([
  'lock',
  'fleet.json',
  'mirrors',
  'images',
  'layers',
  'pods',
  'records',
  'events',
  EVENT_FILE,
  'hook',
  'podman',
  'docker',
  'claims',
  'trash',
])

/** Profiles that people put there, before the first run or later; `down` leaves them. */
const OPERATORS = 'seccomp'

/** `down` removes a root with all that is in it, so none is made where other things lie. */
export async function assertUsable({ root, transport }: Station): Promise<void> {
  const other = (await transport.listDirectory(root)).find(
    (name) => !OURS.has(name) && name !== OPERATORS && !isCutOffWrite(name),
  )
  if (other === undefined) return
  throw new UserError(
    `${root} holds ${other} and is not a root of reconcile: name an empty or a new folder with --root`,
  )
}

export interface Holder {
  /** It follows a repository, and ends when somebody ends it. */
  readonly daemon?: true
  readonly pid: number
  readonly command: string
  readonly since: string
}

/** One engine at a time drives a root. The kernel frees the lock when this process ends, however it ends. */
export async function lockStation(
  station: Station,
  invocation: Invocation,
  world: World,
): Promise<AsyncDisposable> {
  const result = await tryLock(station, world)
  if (result.kind === 'locked') return result.lock
  const holder = parseHolder(result.by)
  throw new RootHeld(heldText(holder, station, invocation), holder)
}

/** Another engine works on the root. */
export class RootHeld extends UserError {
  readonly holder: Holder | undefined

  constructor(message: string, holder: Holder | undefined) {
    super(message, { exitStatus: EXIT.failed })
    this.holder = holder
  }
}

function heldText(other: Holder | undefined, { root }: Station, { command }: Invocation): string {
  const name = commandText(command)
  if (other === undefined)
    return `${name} has to wait: another engine works on ${root}; wait for its end, or name another --root`
  const process = `process ${other.pid} (${other.command}) since ${other.since},`
  if (other.daemon !== true)
    return `${name} has to wait: another engine, ${process} works on ${root}; wait for its end, or name another --root`
  return `${name} cannot work beside the engine that follows a repository, ${process} on ${root}; end it first, with systemctl stop for its unit, or kill ${other.pid}: its pods go on running`
}

export async function tryLock(
  { root, transport }: Station,
  world: World,
  more: Pick<Holder, 'daemon'> = {},
): ReturnType<typeof lockRoot> {
  const holder: Holder = {
    ...more,
    pid: world.processId,
    command: redactUrls(['reconcile', ...world.argv].join(' ')),
    since: world.clock.now().toString({ smallestUnit: 'second' }),
  }
  const locked = await lockRoot(transport, root, JSON.stringify(holder))
  if (locked.kind === 'locked') await driveNodes(world, JSON.stringify(holder))
  return locked
}

export function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    if (!('pid' in value) || !('command' in value) || !('since' in value)) return undefined
    return {
      ...('daemon' in value && value.daemon === true && { daemon: true }),
      pid: Number(value.pid),
      command: String(value.command),
      since: String(value.since),
    }
  } catch {
    return undefined
  }
}

export interface Machine {
  readonly node: NodeName
  /** Absent: oci. */
  readonly kind?: NodeRuntime
  readonly runtime: Runtime
  readonly runtimes: ReadonlyMap<NodeName, Runtime>
}

/** This machine as a node, or all machines. The desired state says what they are called and where images come from. */
export async function openMachine(
  station: Station,
  desired: Pick<Desired, 'cluster' | 'nodes'> | undefined,
  world: World,
): Promise<Machine> {
  const node = headName(station.record, desired)
  if (fleetNodes(station.record, desired).length > 0) {
    // Loaded where it is asked for: most have one machine.
    const { openFleet } = await import('./fleet/machine.ts')
    return { node, ...(await openFleet({ station, head: node }, desired, world)) }
  }
  // A root keeps the runtime that its first pods were made with: a commit without a Node leaves it open.
  const kind =
    station.record === undefined ? askedRuntime(desired?.nodes[0]) : (station.record.runtime ?? 'oci')
  const runtime = await openRuntime(station, { kind, node }, desired, world)
  return { node, kind, runtime, runtimes: new Map([[node, runtime]]) }
}

/** Of this machine. */
export async function openRuntime(
  { root, transport }: Station,
  { kind, node }: { readonly kind: NodeRuntime; readonly node: NodeName },
  desired: Pick<Desired, 'cluster'> | undefined,
  world: World,
): Promise<Runtime> {
  const mirrors = desired?.cluster.spec?.registries?.mirrors
  return await CREATE_RUNTIME[kind]({
    transport,
    root,
    node,
    ...(mirrors === undefined ? {} : { mirrors }),
    environment: helperEnvironment(world),
  })
}

function askedRuntime(node: Node | undefined): NodeRuntime {
  return node === undefined ? 'oci' : runtimeOf(node)
}

/** What this machine is called. Rejects a commit of which something would not be run where it should be. */
export function headName(
  record: RootRecord | undefined,
  desired: Pick<Desired, 'nodes'> | undefined,
): NodeName {
  assertFleet(record, desired)
  const here = desired?.nodes.find(({ spec }) => (spec?.address ?? LOCAL) === LOCAL)
  return here === undefined ? (record?.head ?? ownName()) : nodeName(here.metadata.name)
}

const HELPER_VARIABLES = [
  'HOME',
  'XDG_RUNTIME_DIR',
  'REGISTRY_AUTH_FILE',
  'DOCKER_CONFIG',
  'DOCKER_HOST',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]

function helperEnvironment(world: World): Readonly<Record<string, string>> {
  return Object.fromEntries(
    HELPER_VARIABLES.flatMap((name) => {
      const value = world.environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** A desired state without objects, for what is asked of the node alone. */
export function emptyDesired(record: RootRecord | undefined): Desired {
  const cluster: Cluster = {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Cluster',
    metadata: { name: record?.owner.cluster ?? 'default' },
  }
  return {
    commit: record?.appliedCommit ?? 'uncommitted',
    cluster,
    // They are all where they were.
    nodes: (record?.nodes ?? []).map(({ address, name, runtime }) => ({
      apiVersion: 'reconcile.dev/v1',
      kind: 'Node',
      metadata: { name },
      spec: { ...(address !== LOCAL && { address }), ...otherRuntime(runtime) },
    })),
    objects: new Map(),
    keepsClaims: true,
  }
}
