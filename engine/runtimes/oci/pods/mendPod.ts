import type { CreatePodRequest } from '../../../api/cri.ts'
import { type PodUid, podUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { runOrFail } from '../commands.ts'
import { LOST } from '../containers/attempts.ts'
import { locked } from '../hook/hookCommands.ts'
import { cgroupDirectories } from '../node/cgroups.ts'
import { thawGroups } from '../node/freezer.ts'
import { readText } from '../node/node.ts'
import { descendantsOf } from '../node/processes.ts'
import { SIGCONT } from '../containers/signals.ts'
import { containerPaths, type PodPaths, podPaths } from '../paths.ts'
import { makeVolumes } from '../volumes/volumes.ts'
import type { Attached } from './attach.ts'
import { attachAgain } from './attach.ts'
import type { Damage } from './damage.ts'
import { examine } from './damage.ts'
import { etcFiles } from './etcFiles.ts'
import { leftGroups } from './groups.ts'
import { lookAtPod } from './listing.ts'
import { leaseText } from './nodeState.ts'
import type { PodFiles } from './podFiles.ts'
import type { Sandbox, SandboxContext } from './sandbox.ts'
import { addressesOf, mountsOf, parseSandbox } from './sandbox.ts'

/** A pod that is there, as a look found it a moment ago. */
export interface WholePod {
  readonly pod: PodFiles
  readonly sandbox: Sandbox
  readonly damage: readonly Damage[]
}

/** Undefined: it is not there, or something of it cannot be put right beside running containers. */
export async function lookAtWhole(context: SandboxContext, uid: PodUid): Promise<WholePod | undefined> {
  const looked = await lookAtPod(context.transport, context.paths, uid)
  if (looked?.sandbox === undefined) return undefined
  const { pod, sandbox, state } = looked
  const { broken, damage } = examine(context.paths, pod, sandbox, state)
  return broken === undefined ? { pod, sandbox, damage } : undefined
}

interface Mending {
  readonly context: SandboxContext
  readonly own: PodPaths
  readonly request: CreatePodRequest
  readonly pod: PodFiles
  readonly signal: AbortSignal | undefined
}

/** Puts right what is amiss, one after the other; ends nothing. Done twice it is done once. */
export async function mendPod(
  context: SandboxContext,
  own: PodPaths,
  request: CreatePodRequest,
  { damage, pod, sandbox }: WholePod,
  signal?: AbortSignal,
): Promise<void> {
  let now = sandbox
  for (const each of damage) now = await mend({ context, own, request, pod, signal }, now, each)
  if (now === sandbox) return
  const what = { kind: 'file', content: JSON.stringify(now) } as const
  await context.transport.writeTree(own.run, [{ path: 'sandbox.json', mode: 0o600, what }])
}

/** The sandbox as it is afterwards. */
async function mend(mending: Mending, sandbox: Sandbox, damage: Damage): Promise<Sandbox> {
  const { context, own } = mending
  switch (damage.kind) {
    case 'record':
      // Whoever calls for this has written it.
      return sandbox
    case 'pin':
      await pinAgain(mending, damage)
      return sandbox
    case 'link':
    case 'address':
      return await linkAgain(mending, sandbox, addressesOf(sandbox))
    case 'lease':
      // With its link it has got another one meanwhile.
      if (!addressesOf(sandbox).includes(damage.ip)) return sandbox
      if (damage.holder !== undefined && (await hasAddress(mending, damage.holder, damage.ip)))
        return await linkAgain(mending, sandbox, [])
      await writeFile(context.transport, context.paths.leases, damage.ip, 0o600, leaseText(own.uid))
      return sandbox
    case 'etc':
      await writeEtc(mending, sandbox, damage.files)
      return sandbox
    case 'mount':
      await mountAgain(mending, damage.path)
      return sandbox
    case 'monitor':
      await context.transport.signal(damage.pid, SIGCONT)
      return sandbox
    case 'frozen':
      await thawGroups(context.transport, context.facts.cgroups, [own.cgroup, damage.group])
      return sandbox
    case 'cgroup':
      await backIntoGroup(mending, damage)
      return sandbox
    default:
      return damage satisfies never
  }
}

async function pinAgain(
  { context: { transport }, own, signal }: Mending,
  { path, pid, pin }: Extract<Damage, { readonly kind: 'pin' }>,
): Promise<void> {
  await writeFile(transport, own.run, pin, 0o600, '')
  const command = locked(own.lock, { argv: ['mount', '--bind', `/proc/${pid}/ns/${pin}`, path] })
  const failing = { reason: 'CreatePodSandboxError', doing: `pinning the pod's ${pin} namespace again` }
  await runOrFail(transport, command, failing, signal)
}

async function linkAgain(mending: Mending, sandbox: Sandbox, addresses: readonly string[]): Promise<Sandbox> {
  const { context, own, request, signal } = mending
  const attached = await attachAgain(context, own, request, addresses, signal)
  const next = withLink(sandbox, attached)
  if (next.ip !== sandbox.ip || next.ip6 !== sandbox.ip6) await writeEtc(mending, next, ['hosts'])
  return next
}

function withLink(before: Sandbox, { ip, ip6, link }: Attached): Sandbox {
  const { ip6: _ip, link: _, ...sandbox } = before
  return { ...sandbox, ip, ...(ip6 !== undefined && { ip6 }), ...(link !== undefined && { link }) }
}

/** Two pods with one address: somebody has changed CNI's book. */
async function hasAddress({ context }: Mending, holder: string, ip: string): Promise<boolean> {
  const { paths, transport } = context
  const sandbox = parseSandbox(await readText(transport, podPaths(paths, podUid(holder)).sandbox))
  return sandbox !== undefined && addressesOf(sandbox).includes(ip)
}

/** Containers that run keep the files that they have mounted; what is here is for those that start from now on. */
async function writeEtc(
  { context: { transport }, own, request }: Mending,
  sandbox: Sandbox,
  names: readonly string[],
): Promise<void> {
  const files = await etcFiles(transport, { ...request, hostname: sandbox.hostname }, sandbox)
  await transport.makeDirectory(own.etc, 0o755)
  await transport.writeTree(
    own.etc,
    files.filter(({ path }) => names.includes(path)),
  )
}

async function mountAgain({ context, own, request, signal }: Mending, path: string): Promise<void> {
  const { images, paths, transport } = context
  const volumes = request.volumes.filter(({ name }) => path.endsWith(`/${name}`))
  const mounted = new Set(await mountsOf(transport, own.directory))
  await makeVolumes(
    { transport, pod: own, claims: paths.claims, images },
    { ...request, volumes },
    mounted,
    signal,
  )
}

/**
 * With all that it has begun since. Where its group has been removed meanwhile, its limits have gone with it: only a new start brings
 * them back.
 */
async function backIntoGroup(
  mending: Mending,
  { container, group, pid }: Extract<Damage, { readonly kind: 'cgroup' }>,
): Promise<void> {
  const { facts, transport } = mending.context
  const directories: string[] = []
  for (const path of cgroupDirectories(facts.cgroups, group)) {
    if ((await transport.stat(path)) !== undefined) directories.push(path)
  }
  if (directories.length === 0) return await markLost(mending, container, 'its cgroup was removed')
  for (const each of await descendantsOf(transport, [pid])) {
    const text = await readText(transport, `/proc/${each}/cgroup`)
    if (leftGroups(text, group).length === 0) continue
    for (const directory of directories) await moveProcess(transport, directory, each)
  }
}

async function moveProcess(transport: Transport, directory: string, pid: number): Promise<void> {
  try {
    await writeFile(transport, directory, 'cgroup.procs', 0o644, String(pid))
  } catch (error) {
    // It has ended meanwhile.
    if ((await transport.stat(`/proc/${pid}`)) !== undefined) throw error
  }
}

async function markLost({ context, own, pod }: Mending, name: string, why: string): Promise<void> {
  const attempt = Math.max(-1, ...(pod.containers.get(name)?.attempts.keys() ?? []))
  const { directory } = containerPaths(own, own.uid, name)
  await writeFile(context.transport, `${directory}/${attempt}`, LOST, 0o600, `${why}\n`)
}

async function writeFile(
  transport: Transport,
  directory: string,
  path: string,
  mode: number,
  content: string,
): Promise<void> {
  await transport.writeTree(directory, [{ path, mode, what: { kind: 'file', content } }])
}
