import type { ContainerResources, ResizePodRequest } from '../../api/cri.ts'
import { checkUse, writeGroup } from '../oci/containers/resize.ts'
import { podPaths } from '../oci/paths.ts'
import { containerName } from './names.ts'
import { seenKey, type ToolNode } from './tool.ts'
import { limitFlags } from './runParts.ts'

/** First whether it can be done at all, then what runs. podman does not keep it: see docs/fields.md. Done twice it is done once. */
export async function resizePod(
  node: ToolNode,
  request: ResizePodRequest,
  signal?: AbortSignal,
): Promise<void> {
  const facts = await node.facts()
  // Nothing is held to anything there, as the node's warnings say.
  if (facts.cgroups.hierarchies.length === 0) return
  const context = { facts, transport: node.transport }
  const pod = podPaths(node.paths, request.uid)
  const running = request.containers.flatMap(({ live, name, resources }) => {
    const seen = node.seen.get(seenKey(request.uid, name))
    return live && seen !== undefined ? [{ name, resources, seen }] : []
  })
  for (const { name, resources, seen } of running)
    await checkUse(context, { name, resources, container: { cgroup: seen.cgroup } })
  await writeGroup(context, pod, request.first)
  for (const { name, resources, seen } of running) {
    const args = updateArgs(containerName(request.uid, name, seen.base), resources)
    await node.tell(args, { reason: 'ResizePodError', doing: `resizing container ${name}`, signal })
  }
  if (request.last !== undefined) await writeGroup(context, pod, request.last)
}

export function updateArgs(name: string, resources: ContainerResources): readonly string[] {
  return ['update', ...limitFlags(resources), name]
}
