import type { NodeEvent } from '../../api/cri.ts'
import type { NodeName } from '../../api/names.ts'
import { merged } from '../merged.ts'
import type { Runtime } from '../runtime.ts'
import type { GroupOf } from '../oci/measures/measure.ts'
import { applyTraffic } from '../oci/network/traffic.ts'
import { podPaths } from '../oci/paths.ts'
import type { LookAtContainers } from '../oci/pods/listing.ts'
import { podVerbs, type PodWork } from '../oci/podVerbs.ts'
import { readingVerbs } from '../oci/readingVerbs.ts'
import { recordVerbs } from '../oci/runtime.ts'
import { diskBytes } from '../oci/volumes/diskBytes.ts'
import { volumeVerbs } from '../oci/volumes/volumeVerbs.ts'
import { execArgs } from './commands.ts'
import { execInContainer, runningName } from './exec.ts'
import { disarm, freezePod, thawPod } from './freeze.ts'
import { containerLog } from './logs.ts'
import { lookAtContainers } from './look.ts'
import { createPod, releasePod, removePod } from './pods.ts'
import { resizePod } from './resize.ts'
import { startContainer } from './startContainer.ts'
import { stopContainer } from './stopContainer.ts'
import { seenKey, type ToolNode } from './tool.ts'

/** Containers by a command line such as docker's; what a pod has beside them is what it has on any node. */
export function toolRuntime(node: ToolNode, name: NodeName): Runtime {
  const { paths, seen, transport } = node
  const look = lookAtContainers(node)
  const groupOf: GroupOf = (uid, container) => seen.get(seenKey(uid, container))?.cgroup || undefined
  const reading = readingVerbs(node, name, { look, groupOf })
  return {
    ...podVerbs(node, podWork(node, look)),
    ...reading,
    events: (signal) => merged([reading.events(signal), toolEvents(node, name, signal)]),
    ...insideVerbs(node, reading.inspect),
    ...recordVerbs(node),
    ...volumeVerbs(node),
    diskBytes: async (uid, parts, signal) =>
      await diskBytes(
        transport,
        podPaths(paths, uid),
        parts,
        signal,
        (container) => seen.get(seenKey(uid, container))?.upper,
      ),
  }
}

async function* toolEvents(node: ToolNode, name: NodeName, signal: AbortSignal): AsyncGenerator<NodeEvent> {
  for await (const uid of node.changes(signal)) yield { node: name, uid }
}

function podWork(node: ToolNode, look: LookAtContainers): PodWork {
  return {
    images: node.images,
    look,
    createPod: async (request, signal) => await createPod(node, request, signal),
    startContainer: async (request, signal) => await startContainer(node, request, signal),
    stopContainer: async (request, signal) => await stopContainer(node, request, signal),
    resizePod: async (request, signal) => await resizePod(node, request, signal),
    disarm: async (uid, signal) => await disarm(node, uid, signal),
    releasePod: async (uid, signal) => await releasePod(node, uid, signal),
    removePod: async (uid, signal) => await removePod(node, uid, signal),
    freezePod: async (uid, signal) => await freezePod(node, uid, signal),
    thawPod: async (uid, signal) => await thawPod(node, uid, signal),
  }
}

type InsideVerbs = Pick<
  Runtime,
  'exec' | 'execInteractive' | 'logs' | 'keepLogs' | 'applyTraffic' | 'connect'
>

function insideVerbs(node: ToolNode, inspect: Runtime['inspect']): InsideVerbs {
  const { transport } = node
  return {
    keepLogs: async (request) => await node.keepLogs(request),
    exec: async (request, signal) => await execInContainer(node, request, signal),
    execInteractive: async (request) => {
      const { command, container, stdin, tty, uid } = request
      const args = execArgs(await runningName(node, uid, container), command, { stdin, tty })
      return await transport.runInteractive(node.command(args, stdin ? {} : { stdin: '' }))
    },
    logs: (request, signal = new AbortController().signal) => containerLog(node, inspect, request, signal),
    applyTraffic: async (traffic, signal) => await applyTraffic(node, traffic, signal),
    connect: async (address, port, signal) => await transport.connect(address, port, signal),
  }
}
