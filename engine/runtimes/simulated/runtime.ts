import type { CreatePodRequest, NodeEvent, NodeInfo } from '../../api/cri.ts'
import type { ImageInfo, PullImageRequest } from '../../api/imageRequests.ts'
import type { PodUid } from '../../api/names.ts'
import { podUid } from '../../api/names.ts'
import { conditionsText, saidConditions } from '../../api/podConditions.ts'
import type { PodRecord } from '../../api/records.ts'
import type { ContainerStats, PodListing, Runtime } from '../runtime.ts'
import { RuntimeFailure } from '../runtime.ts'
import type { LineOptions } from './line.ts'
import { Line } from './line.ts'
import { containerVerbs } from './containers.ts'
import { endContainer } from './lives.ts'
import { measured, used } from './measures.ts'
import type { SimulatedNode } from './node.ts'
import type { SimulatedPod } from './pod.ts'

export interface ConnectionOptions extends LineOptions {
  /** Whether the node's registry has the image; absent: it has all. */
  readonly pullable?: (image: string) => boolean
  /** Whether an event says only that something on the node has changed. */
  readonly vague?: () => boolean
  /** It can be asked whether it is there, as machines behind a line can. */
  readonly pinged?: boolean
}

/** One engine's connection to the node. Killed, it is as if the engine's process had been. */
export interface Connection {
  readonly runtime: Runtime
  readonly line: Line
}

export function connectTo(node: SimulatedNode, options: ConnectionOptions = {}): Connection {
  const line = new Line(node, options)
  const { pullable = () => true } = options
  const runtime: Runtime = {
    ...readingVerbs(node, line, options.vague),
    ...(options.pinged === true && { ping: (signal) => line.call('ping', signal, () => undefined) }),
    ...podVerbs(node, line),
    ...containerVerbs(node, line),
    ...recordVerbs(node, line),
    ...volumeVerbs(node, line),
    pullImage: (request, signal, asking) => {
      if (request.policy === 'Always' || !node.images.has(request.image)) asking?.()
      return line.call('pullImage', signal, () => pullImage(node, request, pullable))
    },
    applyTraffic: (traffic, signal) =>
      line.call('applyTraffic', signal, () => {
        node.traffic = traffic
        node.onTraffic(traffic)
        return []
      }),
    // No connection is simulated.
    endConnections: (_, signal) => line.call('endConnections', signal, () => undefined),
    async collectImages() {
      return { images: 0, bytes: 0 }
    },
  }
  return { runtime, line }
}

/** Nobody writes any, so once a day is often enough. */
const NO_LOGS_MS = 86_400_000

type Reading = Pick<
  Runtime,
  'check' | 'prepare' | 'list' | 'upkeep' | 'inspect' | 'events' | 'logs' | 'keepLogs' | 'stats' | 'measure'
>

function readingVerbs(node: SimulatedNode, line: Line, vague = () => false): Reading {
  return {
    check: (signal) => line.call('check', signal, () => nodeInfo(node)),
    prepare: (signal) => line.call('check', signal, () => nodeInfo(node)),
    list: (signal) =>
      line.call('list', signal, () => {
        const pods = [...node.pods.values()].map((pod) => [pod.uid, node.listing(pod)] as const)
        return { pods: new Map<PodUid, PodListing>(pods), unreadable: [] }
      }),
    upkeep: async ({ mend }) => node.lookAfter(mend),
    inspect: (uid, signal) =>
      line.call('inspect', signal, () => {
        const pod = node.pods.get(uid)
        return pod && node.listing(pod)
      }),
    events: (signal) => events(node, line, vague, signal),
    async *logs() {
      yield* []
    },
    keepLogs: async () => NO_LOGS_MS,
    stats: (uid, signal) => line.call('stats', signal, () => stats(node, node.known(uid, 'reading usage'))),
    measure: (pods, signal) =>
      line.call('measure', signal, () => {
        const found = pods.map((pod) => [pod.uid, measured(node, pod)] as const)
        return new Map(found.flatMap(([uid, measures]) => (measures === undefined ? [] : [[uid, measures]])))
      }),
  }
}

type OfPods = Pick<
  Runtime,
  | 'createPod'
  | 'resizePod'
  | 'writePodRecord'
  | 'disarm'
  | 'freezePod'
  | 'thawPod'
  | 'sayConditions'
  | 'tell'
  | 'releasePod'
  | 'removePod'
>

function podVerbs(node: SimulatedNode, line: Line): OfPods {
  return {
    createPod: ({ record, volumes }: CreatePodRequest, signal) =>
      line.call('createPod', signal, async (between) => {
        const pod = node.writeRecord(uidOf(record), record)
        await between()
        if (record.pod.metadata.deletionTimestamp === undefined && record.ended === undefined)
          pod.armed = true
        node.makeSandbox(pod)
        node.makeVolumes(pod, volumes)
      }),
    writePodRecord: (record, signal) =>
      line.call('writePodRecord', signal, () => {
        node.known(uidOf(record), 'writing the record')
        node.writeRecord(uidOf(record), record)
      }),
    resizePod: ({ uid }, signal) =>
      line.call('resizePod', signal, () => {
        node.known(uid, 'changing its resources')
      }),
    freezePod: (uid, signal) =>
      line.call('freezePod', signal, () => {
        node.known(uid, 'freezing it').frozenSince ??= node.clock.now().toString()
      }),
    thawPod: (uid, signal) =>
      line.call('thawPod', signal, () => {
        node.known(uid, 'thawing it').frozenSince = undefined
      }),
    sayConditions: (uid, said, signal) =>
      line.call('sayConditions', signal, () => {
        const pod = node.known(uid, 'saying conditions')
        node.sayConditions(pod, conditionsText(new Map([...saidConditions(pod.said), ...said])))
      }),
    tell: (uid, signal) => line.call('tell', signal, () => node.tell(uid)),
    disarm: (uid, signal) =>
      line.call('disarm', signal, () => {
        const pod = node.pods.get(uid)
        if (pod !== undefined) node.disarm(pod)
      }),
    releasePod: (uid, signal) =>
      line.call('releasePod', signal, async (between) => {
        const pod = node.known(uid, 'giving back what it has')
        endForGood(node, pod, 'giving back')
        node.breakSandbox(pod)
        await between()
        node.release(pod)
      }),
    removePod: (uid, signal) =>
      line.call('removePod', signal, async (between) => {
        const pod = node.pods.get(uid)
        if (pod === undefined) return
        endForGood(node, pod, 'removing')
        node.breakSandbox(pod)
        await between()
        if (node.pods.get(uid) === pod) node.remove(pod)
      }),
  }
}

/**
 * An engine that was killed before it could disarm the pod leaves a hook that may restart what is to go: that is ended here, as the oci
 * runtime does. What runs in a disarmed pod was to be stopped before: a bug of ours.
 */
function endForGood(node: SimulatedNode, pod: SimulatedPod, doing: string): void {
  const alive = [...pod.containers.values()].filter(({ state }) => state.kind === 'running')
  if (alive.length > 0 && !pod.armed)
    throw new Error(`${doing} pod ${pod.uid}: ${alive.length} of its containers are alive`)
  node.disarm(pod)
  for (const container of alive) endContainer(node, pod, container, 137, 'engine')
}

type OfRecords = Pick<Runtime, 'readObjectRecords' | 'writeObjectRecord' | 'deleteObjectRecord'>

function recordVerbs(node: SimulatedNode, line: Line): OfRecords {
  return {
    readObjectRecords: (signal) => line.call('readObjectRecords', signal, () => new Map(node.objectRecords)),
    writeObjectRecord: (record, signal) =>
      line.call('writeObjectRecord', signal, () => {
        node.writeObjectRecord(record)
      }),
    deleteObjectRecord: (key, signal) =>
      line.call('deleteObjectRecord', signal, () => {
        node.deleteObjectRecord(key)
      }),
  }
}

type OfVolumes = Pick<
  Runtime,
  'updateVolumes' | 'readVolumeFile' | 'diskBytes' | 'deleteClaim' | 'emptyTrash'
>

function volumeVerbs(node: SimulatedNode, line: Line): OfVolumes {
  return {
    updateVolumes: (request, signal) =>
      line.call('updateVolumes', signal, async (between) => {
        const pod = node.known(request.uid, 'updating volumes')
        await between()
        node.makeVolumes(pod, request.volumes)
      }),
    readVolumeFile: (_request, signal) => line.call('readVolumeFile', signal, () => undefined),
    diskBytes: (uid, volumes, signal) =>
      line.call('diskBytes', signal, () => {
        const held = node.diskBytes.get(uid) ?? {}
        return Object.fromEntries(Object.entries(held).filter(([name]) => volumes.includes(name)))
      }),
    deleteClaim: ({ at, claim, namespace }, signal) =>
      line.call('deleteClaim', signal, () => {
        const path = `${namespace}/${claim}`
        if (node.claims.delete(path)) node.trash.set(`${at} ${path}`, at)
      }),
    emptyTrash: (before, signal) =>
      line.call('emptyTrash', signal, () => {
        const old = [...node.trash].filter(([, at]) => at < before).map(([name]) => name)
        for (const name of old) node.trash.delete(name)
        return old
      }),
  }
}

function nodeInfo(node: SimulatedNode): NodeInfo {
  if (node.info !== undefined) return node.info
  return {
    node: node.name,
    runtime: 'simulated',
    bootId: `boot-${node.boots}`,
    addresses: ['192.0.2.1'],
    cpuMillis: 1_000_000,
    memoryBytes: 2 ** 50,
    podsMax: 100_000,
    warnings: [],
  }
}

function pullImage(
  node: SimulatedNode,
  request: PullImageRequest,
  pullable: (image: string) => boolean,
): ImageInfo {
  const { image, policy } = request
  const present = node.images.has(image)
  if (policy === 'Never' && !present) {
    throw new RuntimeFailure('ErrImageNeverPull', `image ${image} is not on the node`, { certain: true })
  }
  if (!present && !pullable(image)) {
    throw new RuntimeFailure('ErrImagePull', `pulling ${image}: there is no such image`, { certain: true })
  }
  node.images.add(image)
  return { id: `sha256:${image}`, reference: image }
}

function stats(node: SimulatedNode, pod: SimulatedPod): readonly ContainerStats[] {
  return [...pod.containers.values()].flatMap((container) => {
    if (container.state.kind !== 'running') return []
    const { cpuNanoseconds, memoryBytes } = used(node, pod, container)
    return [{ container: container.name, cpuNanoseconds, memoryBytes }]
  })
}

function uidOf(record: PodRecord): PodUid {
  const { uid } = record.pod.metadata
  if (uid === undefined) throw new Error('writing a pod record without a uid')
  return podUid(uid)
}

/** What happened while nobody listened is not told later. */
async function* events(
  node: SimulatedNode,
  line: Line,
  vague: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<NodeEvent> {
  const heard: NodeEvent[] = []
  let wake = (): void => undefined
  using _listening = node.listen((event) => {
    heard.push(event)
    wake()
  })
  signal.addEventListener('abort', () => wake(), { once: true })
  while (!signal.aborted) {
    const event = heard.shift()
    if (event !== undefined) {
      if (!line.dead && node.reachable) yield vague() ? { node: node.name } : event
      continue
    }
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}
