import type { NodeName } from '../../api/names.ts'
import type { Runtime } from '../runtime.ts'
import { RuntimeFailure } from '../runtime.ts'
import { guarded } from '../oci/guarded.ts'
import { podEvents } from '../oci/hook/events.ts'
import { podStats } from '../oci/containers/stats.ts'
import { createLogKeeper } from '../oci/logs/keep.ts'
import { type GroupOf, measurePods } from '../oci/measures/measure.ts'
import { applyTraffic, leaving } from '../oci/network/traffic.ts'
import type { OciRuntimeOptions } from '../oci/ociNode.ts'
import { podPaths } from '../oci/paths.ts'
import { inspectPod, listPods } from '../oci/pods/listing.ts'
import { mountedImages } from '../oci/pods/mountedImages.ts'
import { operatorVerbs, recordVerbs } from '../oci/runtime.ts'
import { createUpkeep } from '../oci/upkeep/upkeep.ts'
import { diskBytes } from '../oci/volumes/diskBytes.ts'
import { volumeVerbs } from '../oci/volumes/volumeVerbs.ts'
import { execArgs, podmanCommand } from './commands.ts'
import { merged, podmanEvents } from './events.ts'
import { execInContainer, runningName } from './exec.ts'
import { disarm, freezePod, thawPod } from './freeze.ts'
import { containerLog, podmanLogPlace } from './logs.ts'
import { lookAtContainers } from './look.ts'
import { type PodmanNode, podmanNode, seenKey } from './node.ts'
import { createPod, releasePod, removePod } from './pods.ts'
import { resizePod } from './resize.ts'
import { startContainer } from './startContainer.ts'
import { stopContainer } from './stopContainer.ts'

/** Containers by podman's command line; what a pod has beside them is what it has on any node. */
export async function createPodmanRuntime(options: OciRuntimeOptions): Promise<Runtime> {
  const node = await podmanNode(options)
  return {
    ...podVerbs(node),
    ...operatorVerbs(node),
    ...freezeVerbs(node),
    ...readingVerbs(node, options.node),
    ...insideVerbs(node, options.node),
    ...recordVerbs(node),
    ...volumeVerbs(node),
    diskBytes: async (uid, parts, signal) =>
      await diskBytes(
        node.transport,
        podPaths(node.paths, uid),
        parts,
        signal,
        (container) => node.seen.get(seenKey(uid, container))?.upper,
      ),
  }
}

type PodVerbs = Pick<
  Runtime,
  | 'createPod'
  | 'startContainer'
  | 'stopContainer'
  | 'resizePod'
  | 'disarm'
  | 'releasePod'
  | 'removePod'
  | 'pullImage'
  | 'collectImages'
>

function podVerbs(node: PodmanNode): PodVerbs {
  const { images, paths, transport } = node
  return {
    pullImage: async (request, signal, asking) => {
      await node.facts()
      return await images.pull(request, signal, asking)
    },
    collectImages: async (keep, signal) => {
      await node.facts()
      const { pods, unreadable } = await listPods(transport, paths, lookAtContainers(node))
      // Which image such a pod runs is not known.
      if (unreadable.length > 0) return { images: 0, bytes: 0 }
      const used = [...pods.values()].flatMap((pod) =>
        [...pod.containers.values()].map(({ image }) => image.id),
      )
      const mounted = await mountedImages(transport, paths, [...pods.keys()])
      return await images.collect([...keep, ...used, ...mounted], signal)
    },
    createPod: async (request, signal) => {
      await guarded('CreatePodSandboxError', 'creating the pod', signal, async () => {
        // Its first question must not be asked before there is somebody to answer.
        if (request.clusterDns !== undefined) await node.dns.applied(signal)
        await createPod(node, request, signal)
      })
    },
    startContainer: async (request, signal) => {
      await guarded('CreateContainerError', `creating container ${request.container}`, signal, async () => {
        await startContainer(node, request, signal)
      })
    },
    stopContainer: async (request, signal) => {
      await guarded('KillContainerError', `stopping container ${request.container}`, signal, async () => {
        await stopContainer(node, request, signal)
      })
    },
    resizePod: async (request, signal) => {
      await guarded('ResizePodError', "changing the pod's resources", signal, async () => {
        await resizePod(node, request, signal)
      })
    },
    disarm: async (uid, signal) => {
      await guarded('KillPodSandboxError', "disarming the pod's restarts", signal, async () => {
        await disarm(node, uid, signal)
      })
    },
    releasePod: async (uid, signal) => {
      await guarded('KillPodSandboxError', 'giving back what the pod has', signal, async () => {
        await leaving(node, uid, async () => await releasePod(node, uid, signal))
      })
    },
    removePod: async (uid, signal) => {
      await guarded('KillPodSandboxError', 'removing the pod', signal, async () => {
        await leaving(node, uid, async () => await removePod(node, uid, signal))
      })
    },
  }
}

function freezeVerbs(node: PodmanNode): Pick<Runtime, 'freezePod' | 'thawPod'> {
  return {
    freezePod: async (uid, signal) => {
      await guarded('FreezePodError', 'freezing the pod', signal, async () => {
        await freezePod(node, uid, signal)
      })
    },
    thawPod: async (uid, signal) => {
      await guarded('FreezePodError', 'thawing the pod', signal, async () => {
        await thawPod(node, uid, signal)
      })
    },
  }
}

type ReadingVerbs = Pick<
  Runtime,
  'check' | 'prepare' | 'list' | 'upkeep' | 'inspect' | 'events' | 'stats' | 'measure'
>

function readingVerbs(node: PodmanNode, name: NodeName): ReadingVerbs {
  const { paths, place, transport } = node
  const look = lookAtContainers(node)
  const groupOf: GroupOf = (uid, container) => node.seen.get(seenKey(uid, container))?.cgroup || undefined
  return {
    check: async () => (await node.look()).info,
    prepare: async () => (await node.facts()).info,
    list: async () => await listPods(transport, paths, look),
    upkeep: createUpkeep(node),
    inspect: async (uid) => {
      const listing = await inspectPod(transport, paths, uid, look)
      if (typeof listing === 'string') throw new RuntimeFailure('UnreadablePod', `pod ${uid}: ${listing}`)
      return listing
    },
    events: (signal) =>
      merged(
        podEvents(transport, paths.events, name, signal),
        podmanEvents(transport, place.events, name, signal),
      ),
    stats: async (uid) => await podStats(transport, paths, (await node.look()).cgroups, uid, groupOf),
    measure: async (pods, signal) =>
      await measurePods(transport, groupOf, (await node.look()).cgroups, pods, signal),
  }
}

type InsideVerbs = Pick<
  Runtime,
  'exec' | 'execInteractive' | 'logs' | 'keepLogs' | 'applyTraffic' | 'connect'
>

function insideVerbs(node: PodmanNode, name: NodeName): InsideVerbs {
  const { place, transport } = node
  const { inspect } = readingVerbs(node, name)
  const keepLogs = createLogKeeper(transport, (container) => podmanLogPlace(node, container))
  return {
    keepLogs: async (request) => await keepLogs(request),
    exec: async (request, signal) => await execInContainer(node, request, signal),
    execInteractive: async (request) => {
      const { command, container, stdin, tty, uid } = request
      const args = execArgs(await runningName(node, uid, container), command, { stdin, tty })
      return await transport.runInteractive(podmanCommand(place, args, stdin ? {} : { stdin: '' }))
    },
    logs: (request, signal = new AbortController().signal) => containerLog(node, inspect, request, signal),
    applyTraffic: async (traffic, signal) => await applyTraffic(node, traffic, signal),
    connect: async (address, port, signal) => await transport.connect(address, port, signal),
  }
}
