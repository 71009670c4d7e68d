import type { ContainerResources, PodCgroup, ResizePodRequest } from '../../../api/cri.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runOrFail } from '../commands.ts'
import { locked } from '../hook/hookCommands.ts'
import { readText } from '../node/node.ts'
import { controllerDirectory } from '../node/cgroups.ts'
import type { NodeFacts } from '../node/prepareNode.ts'
import type { ContainerPaths, PodPaths, RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { cpuLimitWrite, podCgroupWrites, writePodCgroup } from '../pods/podCgroup.ts'
import { programOf } from '../pods/program.ts'
import { updateResourcesCommand } from '../runtimeCommands.ts'
import { withCpuLimit, withResources } from '../spec/resized.ts'

interface ResizeContext {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly facts: NodeFacts
}

interface One {
  readonly name: string
  readonly resources: ContainerResources
  readonly container: ContainerPaths
  /** Should it run, it is to have this at once. */
  readonly live: boolean
}

/**
 * First whether it can be done at all; then what the next start of each container has, by whomever; then what runs. The OCI runtime is asked to
 * write the cgroup of a container, for it keeps what it was told beside. Done twice it is done once.
 */
export async function resizePod(
  context: ResizeContext,
  request: ResizePodRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, paths, transport } = context
  const pod = podPaths(paths, request.uid)
  const program = await programOf(context, request.uid, facts.program)
  const isThere = async ({ container }: One): Promise<boolean> =>
    (await transport.stat(`${program.state}/${container.id}`)) !== undefined
  const containers = request.containers.map(
    ({ name, ...one }): One => ({ ...one, name, container: containerPaths(pod, request.uid, name) }),
  )
  const live = containers.filter((one) => one.live)
  const running = await asyncFilter(live, isThere)
  for (const one of running) await checkUse(context, one)
  for (const one of containers) await rewriteConfigs(transport, one)
  for (const one of containers) await rewriteRule(context, one)
  await writeGroup(context, pod, request.first)
  if (running.length < live.length) await awaitStarts(transport, pod, signal)
  for (const one of live) {
    if (!(await isThere(one))) continue
    const command = locked(pod.lock, updateResourcesCommand(program, one.container.id, one.resources))
    const failing = { reason: 'ResizePodError', doing: `resizing container ${one.name}` }
    await runOrFail(transport, command, failing, signal)
  }
  if (request.last !== undefined) await writeGroup(context, pod, request.last)
}

async function asyncFilter<T>(all: readonly T[], test: (one: T) => Promise<boolean>): Promise<readonly T[]> {
  const passed = await Promise.all(all.map(test))
  return all.filter((_, index) => passed[index])
}

/** The node's hook may have read what was there before, and is making the container from that: it has the lock until that one is there. */
async function awaitStarts(transport: Transport, pod: PodPaths, signal?: AbortSignal): Promise<void> {
  const failing = { reason: 'ResizePodError', doing: 'waiting for containers that are being started' }
  await runOrFail(transport, locked(pod.lock, { argv: ['true'] }), failing, signal)
}

/** The kernel would kill it, or refuse. Kubernetes looks before, too. */
export async function checkUse(
  { facts, transport }: Pick<ResizeContext, 'facts' | 'transport'>,
  one: Pick<One, 'name' | 'resources'> & { readonly container: Pick<ContainerPaths, 'cgroup'> },
): Promise<void> {
  const limit = one.resources.memoryLimitBytes
  const group = controllerDirectory(facts.cgroups, 'memory', one.container.cgroup)
  if (limit === undefined || group === undefined) return
  const file = group.version === 1 ? 'memory.usage_in_bytes' : 'memory.current'
  const used = Number((await readText(transport, `${group.path}/${file}`)).trim())
  if (used <= limit) return
  throw new RuntimeFailure(
    'ResizePodError',
    `cannot decrease memory limits: attempting to set container ${JSON.stringify(one.name)} memory limit (${limit}) below current usage (${used})`,
  )
}

/** What the node's hook starts the container with the next time, also with no engine there. */
async function rewriteConfigs(transport: Transport, { container, resources }: One): Promise<void> {
  const choices = ['plain.json', 'lxcfs.json'].map((name) => `${container.bundle}/${name}`)
  const texts = await Promise.all([...choices, container.config].map((path) => readText(transport, path)))
  const [plain = '', lxcfs = '', config = ''] = texts
  const files =
    plain === ''
      ? [[container.config, config]]
      : [
          [choices[0] ?? '', plain],
          [choices[1] ?? '', lxcfs],
        ]
  for (const [path = '', text = ''] of files)
    if (text !== '') await transport.writeFile(path, withResources(text, resources), 0o600)
}

async function rewriteRule(
  { facts, transport }: ResizeContext,
  { container, resources }: One,
): Promise<void> {
  const limit = cpuLimitWrite(facts.cgroups, container.cgroup, resources.cpuQuotaUs)
  const rule = limit === undefined ? '' : await readText(transport, container.rule)
  if (limit !== undefined && rule !== '')
    await transport.writeFile(container.rule, withCpuLimit(rule, limit), 0o600)
}

export async function writeGroup(
  { facts, transport }: Pick<ResizeContext, 'facts' | 'transport'>,
  pod: PodPaths,
  wish: PodCgroup,
): Promise<void> {
  const cpu = controllerDirectory(facts.cgroups, 'cpu', pod.cgroup)
  // A new group has no limit; this one may have had one, which none of its containers may go beyond.
  const open =
    cpu?.version === 1 && wish.cpuQuotaUs === undefined
      ? [{ directory: cpu.path, file: 'cpu.cfs_quota_us', value: '-1' }]
      : []
  await writePodCgroup(transport, [...podCgroupWrites(facts.cgroups, pod.cgroup, wish), ...open])
}
