import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { giveBack } from './allocations.ts'
import { runOrFail } from '../commands.ts'
import { hookDisarmCommand, hookFreezeCommand, hookReleaseCommand } from '../hook/hookCommands.ts'
import { readText } from '../node/node.ts'
import { containerPaths, type PodPaths, podPaths } from '../paths.ts'
import { installHook } from '../node/prepareNode.ts'
import { programOf } from './program.ts'
import { requirePod } from './requirePod.ts'
import { deleteCommand } from '../runtimeCommands.ts'
import type { SandboxContext } from './sandbox.ts'
import { mountsOf, unmountCommand } from './sandbox.ts'
import { removeMountPoints } from '../volumes/nfs.ts'
import { clearSandbox } from './clearSandbox.ts'

/** From here on the node's hook starts nothing in this pod; one that waits has ended. */
export async function disarmPod(context: SandboxContext, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const { facts, paths, transport } = context
  const pod = podPaths(paths, uid)
  if ((await transport.stat(pod.directory)) === undefined) return
  if ((await transport.stat(pod.disarmed)) !== undefined) return
  const failing = { reason: 'KillPodSandboxError', doing: "disarming the pod's restarts" }
  await runOrFail(transport, hookDisarmCommand(facts.hook, pod), failing, signal)
}

/** From here on all that runs in the pod stands still, or goes on. Beside an engine at work: nothing of the node is made ready. */
export async function freezePod(
  context: Pick<SandboxContext, 'transport' | 'paths'>,
  verb: 'freeze' | 'thaw',
  uid: PodUid,
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = context
  const pod = podPaths(paths, uid)
  await requirePod(transport, pod, uid)
  const doing = verb === 'freeze' ? 'freezing the pod' : 'thawing the pod'
  const command = hookFreezeCommand(await installHook(transport, paths), verb, pod)
  await runOrFail(transport, command, { reason: 'FreezePodError', doing }, signal)
}

/** Of a pod whose sandbox is to be made again: the hook must not restart them in what is left of the old one. */
export async function endContainers(
  context: SandboxContext,
  uid: PodUid,
  signal?: AbortSignal,
): Promise<void> {
  await disarmPod(context, uid, signal)
  await releaseContainers(context, uid, signal)
}

/** Logs, exits and the record stay. The mark goes last, so it says that all else is gone. Done twice it is done once. */
export async function releasePod(context: SandboxContext, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const { paths, transport } = context
  const pod = podPaths(paths, uid)
  await requirePod(transport, pod, uid)
  await clearPod(context, uid, 'keepLogs', signal)
  await transport.writeFile(pod.released, '', 0o600)
}

/** All that a pod has but its containers' logs and exits, and its record; and their writable layers, where those go with all else. */
async function clearPod(
  context: SandboxContext,
  uid: PodUid,
  then: 'keepLogs' | 'removeAll',
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = context
  const pod = podPaths(paths, uid)
  await disarmPod(context, uid, signal)
  await releaseContainers(context, uid, signal, then === 'keepLogs')
  await clearSandbox(context, uid, signal)
  await giveBack(context, uid)
  await unpublish(transport, pod, signal)
  await removeMountPoints(transport, pod, signal)
  await transport.remove(pod.volumes)
  await transport.remove(pod.etc)
}

/** Loaded where drivers have mounted something: hardly ever. */
async function unpublish(transport: Transport, pod: PodPaths, signal?: AbortSignal): Promise<void> {
  if ((await transport.stat(pod.csi)) === undefined) return
  const { unpublishVolumes } = await import('../volumes/csi/publish.ts')
  await unpublishVolumes(transport, pod, signal)
}

/** From any half-done state; done twice it is done once. */
export async function removePod(context: SandboxContext, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const { paths, transport } = context
  const pod = podPaths(paths, uid)
  await clearPod(context, uid, 'removeAll', signal)
  await transport.remove(pod.containers)
  await transport.remove(pod.released)
  await transport.remove(pod.disarmed)
  await transport.remove(pod.frozen)
  await transport.remove(pod.record)
  await transport.remove(pod.directory)
}

/**
 * What containers still have in the kernel: they were cut off in the middle of a start, or their monitor was killed. Root file systems of those
 * that have ended may be left to whoever unmounts all that the pod has.
 */
export async function releaseContainers(
  context: SandboxContext,
  uid: PodUid,
  signal?: AbortSignal,
  unmount = true,
): Promise<void> {
  const { facts, paths, transport } = context
  const pod = podPaths(paths, uid)
  const rules: string[] = []
  for (const name of await transport.listDirectory(pod.containers)) {
    const container = containerPaths(pod, uid, name)
    const known = (await transport.stat(`${facts.program.state}/${container.id}`)) !== undefined
    const mounted = unmount && (await readText(transport, `${container.bundle}/mounted`)) !== ''
    if (known || mounted) rules.push(container.rule)
  }
  const failing = { reason: 'KillPodSandboxError', doing: "ending the pod's containers" }
  if (rules.length > 0)
    await runOrFail(transport, hookReleaseCommand(facts.hook, pod.run, rules), failing, signal)
  await endUnknown(context, uid, signal)
}

/** Containers that nothing in the pod's folder tells of: somebody has removed it. */
async function endUnknown(context: SandboxContext, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const { facts, paths, transport } = context
  const left = (await transport.listDirectory(facts.program.state)).filter((id) => id.startsWith(`${uid}-`))
  if (left.length === 0) return
  const program = await programOf(context, uid, facts.program)
  const failing = { reason: 'KillPodSandboxError', doing: "ending what is left of the pod's containers" }
  for (const id of left) await runOrFail(transport, deleteCommand(program, id), failing, signal)
  const mounted = await mountsOf(transport, podPaths(paths, uid).runContainers)
  if (mounted.length > 0) await runOrFail(transport, unmountCommand(mounted), failing, signal)
}
