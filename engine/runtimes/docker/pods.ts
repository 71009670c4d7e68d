import type { CreatePodRequest } from '../../api/cri.ts'
import { podUid } from '../../api/names.ts'
import { podLabels, ROOT_LABEL } from '../dockerLike/labels.ts'
import { podName } from '../dockerLike/names.ts'
import type { RunParts } from '../dockerLike/runParts.ts'
import type { PodParts, ToolNode } from '../dockerLike/tool.ts'
import { createError, type Parts } from '../oci/containers/parts.ts'
import { once } from '../oci/once.ts'
import { type PodPaths, podPaths } from '../oci/paths.ts'
import { ensurePause, type PauseParts, type Pin } from './pause.ts'

type Node = Pick<ToolNode, 'ask' | 'command' | 'isThere' | 'paths' | 'tell' | 'tool' | 'transport'>

/** A container that leads into the pod's namespaces, once these are pinned. */
export function dockerPodParts(node: Node, request: CreatePodRequest, signal?: AbortSignal): PodParts {
  const { hostname, record } = request
  const uid = podUid(record.pod.metadata.uid ?? '')
  const pod = podPaths(node.paths, uid)
  const labels = { ...podLabels(record), [ROOT_LABEL]: node.paths.rootId }
  const parts = { uid, labels, hostname, cgroupParent: pod.cgroup, pins: pinsOf(pod, request) }
  const startPause = once(async () => await ensurePause(node, parts, signal))
  return {
    startPause,
    complete: async () => {
      await startPause()
    },
  }
}

/** docker joins a container's namespaces by its process: that has to run. */
export async function readyPod(
  node: Node,
  { context, pod, request, sandbox }: Parts,
  signal?: AbortSignal,
): Promise<void> {
  const labels = {
    'io.kubernetes.pod.namespace': request.labels.namespace,
    'io.kubernetes.pod.name': request.labels.pod,
    'io.kubernetes.pod.uid': request.uid,
    [ROOT_LABEL]: context.paths.rootId,
  }
  const { hostname } = sandbox
  const parts: Omit<PauseParts, 'folders'> = {
    ...{ uid: request.uid, labels, hostname, cgroupParent: pod.cgroup, pins: pinsOf(pod, sandbox) },
  }
  const pid = await ensurePause(node, parts, signal)
  if (sandbox.pausePid !== undefined && sandbox.pausePid !== pid)
    throw createError(request, 'the process that held its process namespace has ended', false)
}

function pinsOf(
  { pins }: Pick<PodPaths, 'pins'>,
  { hostIPC, hostNetwork }: Pick<CreatePodRequest, 'hostIPC' | 'hostNetwork'>,
): readonly Pin[] {
  const all: readonly Pin[] = [
    { namespace: 'net', path: pins.net },
    { namespace: 'uts', path: pins.uts },
    { namespace: 'ipc', path: pins.ipc },
  ]
  return all.filter(({ namespace }) => (namespace === 'ipc' ? !hostIPC : !hostNetwork))
}

export function dockerNamespaces({ request, sandbox }: Parts): RunParts['namespaces'] {
  const pause = `container:${podName(request.uid)}`
  const pids = { container: undefined, host: 'host', pod: pause }
  const pid = pids[request.pidMode]
  return {
    net: sandbox.hostNetwork ? 'host' : pause,
    ipc: sandbox.hostIPC ? 'host' : pause,
    ...(sandbox.hostNetwork && { uts: 'host' }),
    ...(pid !== undefined && { pid }),
  }
}
