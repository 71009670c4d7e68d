import type { Runtime } from '../runtime.ts'
import { guarded } from './guarded.ts'
import { tell } from './hook/tell.ts'
import { leaving } from './network/traffic.ts'
import type { OciNode } from './ociNode.ts'
import { type LookAtContainers, listPods } from './pods/listing.ts'
import { mountedImages } from './pods/mountedImages.ts'
import { sayConditions } from './pods/sayConditions.ts'

/** What each kind of runtime does in its own way. */
export type PodWork = Pick<
  Runtime,
  | 'createPod'
  | 'startContainer'
  | 'stopContainer'
  | 'resizePod'
  | 'disarm'
  | 'releasePod'
  | 'removePod'
  | 'freezePod'
  | 'thawPod'
> & {
  readonly images: Pick<OciNode['images'], 'pull' | 'collect'>
  /** Undefined: all that is known of containers stands in the pods' files. */
  readonly look?: LookAtContainers
}

type PodVerbs = Pick<
  Runtime,
  | Exclude<keyof PodWork, 'images' | 'look'>
  | 'pullImage'
  | 'collectImages'
  | 'sayConditions'
  | 'tell'
  | 'endConnections'
>

/** The work, and what goes with it on each node: whatever it throws becomes the world's failure. */
export function podVerbs(node: OciNode, work: PodWork): PodVerbs {
  return {
    ...imageVerbs(node, work),
    createPod: async (request, signal) => {
      await guarded('CreatePodSandboxError', 'creating the pod', signal, async () => {
        // Its first question must not be asked before there is somebody to answer.
        if (request.clusterDns !== undefined) await node.dns.applied(signal)
        await work.createPod(request, signal)
      })
    },
    startContainer: async (request, signal) => {
      await guarded('CreateContainerError', `creating container ${request.container}`, signal, async () => {
        await work.startContainer(request, signal)
      })
    },
    stopContainer: async (request, signal) => {
      await guarded('KillContainerError', `stopping container ${request.container}`, signal, async () => {
        await work.stopContainer(request, signal)
      })
    },
    resizePod: async (request, signal) => {
      await guarded('ResizePodError', "changing the pod's resources", signal, async () => {
        await work.resizePod(request, signal)
      })
    },
    disarm: async (uid, signal) => {
      await guarded('KillPodSandboxError', "disarming the pod's restarts", signal, async () => {
        await work.disarm(uid, signal)
      })
    },
    releasePod: async (uid, signal) => {
      await guarded('KillPodSandboxError', 'giving back what the pod has', signal, async () => {
        await leaving(node, uid, async () => await work.releasePod(uid, signal))
      })
    },
    removePod: async (uid, signal) => {
      await guarded('KillPodSandboxError', 'removing the pod', signal, async () => {
        await leaving(node, uid, async () => await work.removePod(uid, signal))
      })
    },
    endConnections: async (addresses, signal) => {
      await guarded('NetworkNotReady', 'ending connections to pods that are gone', signal, async () => {
        await Promise.all(addresses.map(async (address) => await node.services.podGone(address)))
      })
    },
    ...operatorVerbs(node, work),
  }
}

function imageVerbs(node: OciNode, { images, look }: PodWork): Pick<Runtime, 'pullImage' | 'collectImages'> {
  const { paths, transport } = node
  return {
    pullImage: async (request, signal, asking) => {
      // Credentials are written to the tmpfs that this mounts.
      await node.facts()
      return await images.pull(request, signal, asking)
    },
    collectImages: async (keep, signal) => {
      await node.facts()
      const { pods, unreadable } = await listPods(transport, paths, look)
      // Which image such a pod runs is not known.
      if (unreadable.length > 0) return { images: 0, bytes: 0 }
      const used = [...pods.values()].flatMap((pod) =>
        [...pod.containers.values()].map(({ image }) => image.id),
      )
      const mounted = await mountedImages(transport, paths, [...pods.keys()])
      return await images.collect([...keep, ...used, ...mounted], signal)
    },
  }
}

/** What people do to pods, beside the engine. */
function operatorVerbs(
  node: OciNode,
  work: PodWork,
): Pick<Runtime, 'freezePod' | 'thawPod' | 'sayConditions' | 'tell'> {
  return {
    freezePod: async (uid, signal) => {
      await guarded('FreezePodError', 'freezing the pod', signal, async () => {
        await work.freezePod(uid, signal)
      })
    },
    thawPod: async (uid, signal) => {
      await guarded('FreezePodError', 'thawing the pod', signal, async () => {
        await work.thawPod(uid, signal)
      })
    },
    sayConditions: async (uid, said, signal) => {
      await guarded('SayConditionsError', 'saying conditions of the pod', signal, async () => {
        await sayConditions(await node.context(), uid, said, signal)
      })
    },
    tell: async (uid, signal) => {
      await guarded('TellError', 'telling of a change of the pod', signal, async () => {
        await tell(await node.context(), uid, signal)
      })
    },
  }
}
