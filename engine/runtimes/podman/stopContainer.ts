import type { StopContainerRequest } from '../../api/cri.ts'
import { RuntimeFailure } from '../runtime.ts'
import { readPodFiles } from '../oci/pods/podFiles.ts'
import { containerName, stopArgs } from './commands.ts'
import { settleEnd } from './ends.ts'
import type { PodmanNode } from './node.ts'

/** Beside the grace, for podman's own work and a process that the kernel does not let go at once. */
const STOP_TIMEOUT_MS = 60_000

/** Resolves when the container has ended and its exit is on record. podman starts nothing again that it was told to stop. */
export async function stopContainer(
  node: PodmanNode,
  request: StopContainerRequest,
  signal?: AbortSignal,
): Promise<void> {
  const pod = await readPodFiles(node.transport, node.paths, request.uid)
  const attempts = pod?.containers.get(request.container)?.attempts
  if (pod === undefined || attempts === undefined || attempts.size === 0) return
  const before = await settleEnd(node, pod, request.container, { byEngine: true })
  if (before === undefined || before.attempt > request.attempt) return
  if (before.state.kind === 'exited' && before.state.restartAt === undefined) return
  const name = containerName(request.uid, request.container, Math.max(...attempts.keys()))
  await node.tell(stopArgs(name, request.graceMs), {
    reason: 'KillContainerError',
    doing: `stopping container ${request.container}`,
    timeoutMs: request.graceMs + STOP_TIMEOUT_MS,
    signal,
  })
  const after = await settleEnd(node, pod, request.container, { byEngine: true })
  if (after?.state.kind !== 'running') return
  const text = `stopping container ${request.container}: podman has stopped it, and it runs`
  throw new RuntimeFailure('KillContainerError', text)
}
