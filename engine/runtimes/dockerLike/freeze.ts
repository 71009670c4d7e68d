import type { PodUid } from '../../api/names.ts'
import { podPaths } from '../oci/paths.ts'
import { readPodFiles } from '../oci/pods/podFiles.ts'
import { disarmPod } from '../oci/pods/removePod.ts'
import { requirePod } from '../oci/pods/requirePod.ts'
import { RuntimeFailure } from '../runtime.ts'
import { pauseArgs } from './commands.ts'
import { containerName } from './names.ts'
import { inspected } from './look.ts'
import type { ToolNode } from './tool.ts'

/** On record first: nothing is started in the pod from then on. */
export async function freezePod(node: ToolNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const { paths, transport } = node
  const pod = podPaths(paths, uid)
  await requirePod(transport, pod, uid)
  if ((await node.look()).cgroups.hierarchies.length === 0)
    throw new RuntimeFailure(
      'FreezePodError',
      'freezing takes cgroups, in which the account of this node has no part: it is not root',
    )
  if ((await transport.stat(pod.frozen)) === undefined) await transport.writeFile(pod.frozen, '', 0o600)
  await each(node, uid, 'running', 'pause', signal)
}

export async function thawPod(node: ToolNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  const pod = podPaths(node.paths, uid)
  await requirePod(node.transport, pod, uid)
  await each(node, uid, 'paused', 'unpause', signal)
  await node.transport.remove(pod.frozen)
}

/** What stands still cannot be ended. */
export async function disarm(node: ToolNode, uid: PodUid, signal?: AbortSignal): Promise<void> {
  await disarmPod(await node.context(), uid, signal)
  await each(node, uid, 'paused', 'unpause', signal)
}

async function each(
  node: ToolNode,
  uid: PodUid,
  status: 'running' | 'paused',
  verb: 'pause' | 'unpause',
  signal?: AbortSignal,
): Promise<void> {
  const pod = await readPodFiles(node.transport, node.paths, uid)
  const names = [...(pod?.containers ?? [])].map(([name, { attempts }]) =>
    containerName(uid, name, Math.max(-1, ...attempts.keys())),
  )
  const found = await inspected(node, names, signal)
  const wanted = [...found.values()].flatMap((one) => (one.status === status ? [one.name] : []))
  if (wanted.length === 0) return
  const doing = verb === 'pause' ? 'freezing the pod' : 'thawing the pod'
  await node.tell(pauseArgs(verb, wanted), { reason: 'FreezePodError', doing, signal })
}
