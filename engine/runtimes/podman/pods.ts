import type { CreatePodRequest } from '../../api/cri.ts'
import { podUid } from '../../api/names.ts'
import { podLabels } from '../dockerLike/labels.ts'
import { podName } from '../dockerLike/names.ts'
import type { PodParts, ToolNode } from '../dockerLike/tool.ts'
import { runOrFail } from '../oci/commands.ts'
import { podPaths } from '../oci/paths.ts'
import { RuntimeFailure } from '../runtime.ts'
import { hostnameCommand, podCreateArgs } from './commands.ts'

type Node = Pick<ToolNode, 'ask' | 'paths' | 'transport'>

/** A podman pod without an infra container: what it shares is pinned. */
export function podmanPodParts(node: Node, request: CreatePodRequest, signal?: AbortSignal): PodParts {
  const beside = createPodmanPod(node, request, signal)
  return {
    beside,
    complete: async () => {
      await beside
      await nameHost(node, request, signal)
    },
  }
}

/** An OCI runtime that is told of a host name sets it in the namespace that it joins; podman tells it of none then. */
async function nameHost(
  { paths, transport }: Node,
  { hostname, hostNetwork, record }: CreatePodRequest,
  signal?: AbortSignal,
): Promise<void> {
  if (hostNetwork) return
  const { pins } = podPaths(paths, podUid(record.pod.metadata.uid ?? ''))
  const failing = { reason: 'CreatePodSandboxError', doing: 'naming the pod' }
  await runOrFail(transport, hostnameCommand(pins.uts, hostname), failing, signal)
}

async function createPodmanPod(
  node: Node,
  { record }: CreatePodRequest,
  signal?: AbortSignal,
): Promise<void> {
  const uid = podUid(record.pod.metadata.uid ?? '')
  const asking = { reason: 'CreatePodSandboxError', doing: 'making the podman pod', signal }
  const result = await node.ask(podCreateArgs(uid, podLabels(record)), asking)
  if (result.exitCode === 0 || /already exists|already in use/.test(result.stderr)) return
  const text = `making the podman pod ${podName(uid)}: ${result.stderr.trim()}`
  throw new RuntimeFailure('CreatePodSandboxError', text)
}
