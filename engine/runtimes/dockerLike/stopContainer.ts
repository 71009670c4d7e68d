import type { StopContainerRequest } from '../../api/cri.ts'
import { readPodFiles } from '../oci/pods/podFiles.ts'
import { containerPaths, podPaths } from '../oci/paths.ts'
import { END_FILE, STOPPED_FILE } from './attemptFiles.ts'
import { containerName } from './names.ts'
import { observeNow, settleEnd } from './ends.ts'
import { removeContainers, type ToolNode } from './tool.ts'

/** Beside the grace, for the program's own work and a process that the kernel does not let go at once. */
const STOP_TIMEOUT_MS = 60_000

/** Resolves when the container has ended and its exit is on record. The program starts nothing again that it was told to stop. */
export async function stopContainer(
  node: ToolNode,
  request: StopContainerRequest,
  signal?: AbortSignal,
): Promise<void> {
  const pod = await readPodFiles(node.transport, node.paths, request.uid)
  const attempts = pod?.containers.get(request.container)?.attempts
  if (pod === undefined || attempts === undefined || attempts.size === 0) return
  const before = await observeNow(node, pod, request.container)
  if (before === undefined) return
  // Of a pod that is to go the program may have begun another attempt meanwhile: that one is meant, too.
  if (before.attempt > request.attempt && !pod.disarmed) return
  const base = Math.max(...attempts.keys())
  const isOver = before.state.kind === 'exited' && before.state.restartAt === undefined
  // The program does not know that the pod is disarmed: it may be about to start it again.
  if (isOver && (!pod.disarmed || attempts.get(base)?.has(END_FILE) === true)) return
  const name = containerName(request.uid, request.container, base)
  const failing = { reason: 'KillContainerError', doing: `stopping container ${request.container}`, signal }
  if (before.state.kind === 'created') {
    await removeContainers(node, [name], failing)
    await settleEnd(node, pod, request.container, { isUnstarted: true })
    return
  }
  if (pod.disarmed && request.graceMs === 0) {
    // Nothing of it is wanted any more: one command ends and removes it.
    await settleEnd(node, pod, request.container, { isEnding: true })
    await removeContainers(node, [name], failing)
    return
  }
  const { directory } = containerPaths(podPaths(node.paths, request.uid), request.uid, request.container)
  if (node.tool.hasHook) await node.transport.writeFile(`${directory}/${base}/${STOPPED_FILE}`, '', 0o600)
  const timeoutMs = request.graceMs + STOP_TIMEOUT_MS
  await node.tell(node.tool.stopArgs(name, request.graceMs), { ...failing, timeoutMs })
  await settleEnd(node, pod, request.container, { byEngine: true, isEnding: true })
  // One that the program was about to start again does not know that it was stopped. What is to be started anew may have ended by itself meanwhile.
  if (!pod.disarmed || before.state.kind !== 'running' || before.attempt > base)
    await removeContainers(node, [name], failing)
}
