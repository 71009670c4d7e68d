import type { ImageInfo, PullImageRequest } from '../../api/imageRequests.ts'
import type { Runtime } from '../runtime.ts'
import { RuntimeFailure } from '../runtime.ts'
import { containerVerbs } from './containers.ts'
import type { LineOptions } from './line.ts'
import { Line } from './line.ts'
import type { SimulatedNode } from './node.ts'
import { podVerbs } from './podVerbs.ts'
import { readingVerbs } from './readingVerbs.ts'

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
