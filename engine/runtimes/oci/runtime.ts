import type { StopContainerRequest } from '../../api/cri.ts'
import type { NodeName } from '../../api/names.ts'
import { podUid } from '../../api/names.ts'
import type { Runtime } from '../runtime.ts'
import { RuntimeFailure } from '../runtime.ts'
import { podEvents } from './hook/events.ts'
import { groupsBelow, measurePods } from './measures/measure.ts'
import { execInContainer } from './containers/exec.ts'
import { inspectPod, listPods } from './pods/listing.ts'
import { createLogKeeper, logPlace } from './logs/keep.ts'
import { containerLog } from './logs/logs.ts'
import { objectRecordFile, readObjectRecords, writeObjectRecord } from './objectRecords.ts'
import { containerPaths, podPaths } from './paths.ts'
import { programOf } from './pods/program.ts'
import { disarmPod, endContainers, freezePod, releasePod, removePod } from './pods/removePod.ts'
import { execCommand } from './runtimeCommands.ts'
import { bothEnded, makeSandbox } from './pods/makeSandbox.ts'
import { requirePod } from './pods/requirePod.ts'
import { sayConditions } from './pods/sayConditions.ts'
import { tell } from './hook/tell.ts'
import { resizePod } from './containers/resize.ts'
import { startContainer } from './containers/startContainer.ts'
import { podStats } from './containers/stats.ts'
import { stopContainer } from './containers/stopContainer.ts'
import { applyTraffic, leaving } from './network/traffic.ts'
import { createUpkeep } from './upkeep/upkeep.ts'
import { guarded } from './guarded.ts'
import type { OciNode, OciRuntimeOptions } from './ociNode.ts'
import { ociNode } from './ociNode.ts'
import { mountedImages } from './pods/mountedImages.ts'
import { forgetFolderless, writeRecord } from './pods/podRecord.ts'
import { volumeVerbs } from './volumes/volumeVerbs.ts'

export async function createOciRuntime(options: OciRuntimeOptions): Promise<Runtime> {
  const node = await ociNode(options)
  return {
    ...podVerbs(node),
    ...operatorVerbs(node),
    ...readingVerbs(node, options.node),
    ...insideVerbs(node, options.node),
    ...recordVerbs(node),
    ...volumeVerbs(node),
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

function podVerbs(node: OciNode): PodVerbs {
  const { images, paths, transport } = node
  return {
    pullImage: async (request, signal, asking) => {
      // Credentials are written to the tmpfs that this mounts.
      await node.facts()
      return await images.pull(request, signal, asking)
    },
    collectImages: async (keep, signal) => {
      await node.facts()
      const { pods, unreadable } = await listPods(transport, paths)
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
        const record = async () => {
          await forgetFolderless(transport, paths, request.record)
          await writeRecord(transport, paths, request.record)
        }
        const [context] = await Promise.all([node.context(), record()])
        // Beside the first pod's own network, what lets pods out of the node.
        await bothEnded(makeSandbox(context, request, { endContainers }, signal), node.masqueraded())
      })
    },
    startContainer: async (request, signal) => {
      await guarded('CreateContainerError', `creating container ${request.container}`, signal, async () => {
        await startContainer({ transport, paths, images, facts: await node.facts() }, request, signal)
      })
    },
    stopContainer: async (request: StopContainerRequest, signal) => {
      await guarded('KillContainerError', `stopping container ${request.container}`, signal, async () => {
        await stopContainer({ transport, paths, facts: await node.facts() }, request, signal)
      })
    },
    resizePod: async (request, signal) => {
      await guarded('ResizePodError', "changing the pod's resources", signal, async () => {
        await resizePod({ transport, paths, facts: await node.facts() }, request, signal)
      })
    },
    disarm: async (uid, signal) => {
      await guarded('KillPodSandboxError', "disarming the pod's restarts", signal, async () => {
        await disarmPod(await node.context(), uid, signal)
      })
    },
    releasePod: async (uid, signal) => {
      await guarded('KillPodSandboxError', 'giving back what the pod has', signal, async () => {
        const context = await node.context()
        await leaving(node, uid, async () => await releasePod(context, uid, signal))
      })
    },
    removePod: async (uid, signal) => {
      await guarded('KillPodSandboxError', 'removing the pod', signal, async () => {
        const context = await node.context()
        await leaving(node, uid, async () => await removePod(context, uid, signal))
      })
    },
  }
}

type OperatorVerbs = Pick<Runtime, 'freezePod' | 'thawPod' | 'sayConditions' | 'tell'>

/** What people do to pods, beside the engine. */
export function operatorVerbs(node: OciNode): OperatorVerbs {
  return {
    freezePod: async (uid, signal) => {
      await guarded('FreezePodError', 'freezing the pod', signal, async () => {
        await freezePod(node, 'freeze', uid, signal)
      })
    },
    thawPod: async (uid, signal) => {
      await guarded('FreezePodError', 'thawing the pod', signal, async () => {
        await freezePod(node, 'thaw', uid, signal)
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

type ReadingVerbs = Pick<
  Runtime,
  'check' | 'prepare' | 'list' | 'upkeep' | 'inspect' | 'events' | 'stats' | 'measure'
>

function readingVerbs(node: OciNode, name: NodeName): ReadingVerbs {
  const { paths, transport } = node
  return {
    check: async () => (await node.look()).info,
    prepare: async () => (await node.facts()).info,
    list: async () => await listPods(transport, paths),
    upkeep: createUpkeep(node),
    inspect: async (uid) => {
      const listing = await inspectPod(transport, paths, uid)
      if (typeof listing === 'string') throw new RuntimeFailure('UnreadablePod', `pod ${uid}: ${listing}`)
      return listing
    },
    events: (signal) => podEvents(transport, paths.events, name, signal),
    stats: async (uid) => await podStats(transport, paths, (await node.look()).cgroups, uid),
    measure: async (pods, signal) =>
      await measurePods(transport, groupsBelow(paths), (await node.look()).cgroups, pods, signal),
  }
}

type InsideVerbs = Pick<
  Runtime,
  'exec' | 'execInteractive' | 'logs' | 'keepLogs' | 'applyTraffic' | 'connect'
>

function insideVerbs(node: OciNode, name: NodeName): InsideVerbs {
  const { paths, transport } = node
  const keepLogs = createLogKeeper(transport, (container) => logPlace(paths, container))
  return {
    keepLogs: async (request) => await keepLogs(request),
    exec: async (request, signal) =>
      await execInContainer(
        { transport, paths, program: await programOf(node, request.uid, await node.program()) },
        request,
        signal,
      ),
    execInteractive: async (request) => {
      const program = await programOf(node, request.uid, await node.program())
      const { id } = containerPaths(podPaths(paths, request.uid), request.uid, request.container)
      const command = execCommand(program, id, { command: request.command, tty: request.tty })
      return await transport.runInteractive(request.stdin ? command : { ...command, stdin: '' })
    },
    logs: (request, signal = new AbortController().signal) =>
      containerLog({ transport, paths, inspect: readingVerbs(node, name).inspect }, request, signal),
    applyTraffic: async (traffic, signal) => await applyTraffic(node, traffic, signal),
    connect: async (address, port, signal) => await transport.connect(address, port, signal),
  }
}

type RecordVerbs = Pick<
  Runtime,
  'writePodRecord' | 'readObjectRecords' | 'writeObjectRecord' | 'deleteObjectRecord'
>

export function recordVerbs({ paths, transport }: OciNode): RecordVerbs {
  return {
    writePodRecord: async (record) => {
      const { name = '', uid = '' } = record.pod.metadata
      await requirePod(transport, podPaths(paths, podUid(uid)), name)
      await writeRecord(transport, paths, record)
    },
    readObjectRecords: async () => await readObjectRecords(transport, paths.records),
    writeObjectRecord: async (record) => await writeObjectRecord(transport, paths.records, record),
    deleteObjectRecord: async (key) => await transport.remove(objectRecordFile(paths.records, key)),
  }
}
