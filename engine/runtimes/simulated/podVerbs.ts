import type { CreatePodRequest } from '../../api/cri.ts'
import type { PodUid } from '../../api/names.ts'
import { podUid } from '../../api/names.ts'
import { conditionsText, saidConditions } from '../../api/podConditions.ts'
import type { PodRecord } from '../../api/records.ts'
import type { Runtime } from '../runtime.ts'
import type { Line } from './line.ts'
import { endContainer } from './lives.ts'
import type { SimulatedNode } from './node.ts'
import type { SimulatedPod } from './pod.ts'

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

export function podVerbs(node: SimulatedNode, line: Line): OfPods {
  return {
    createPod: ({ record, volumes }: CreatePodRequest, signal) => {
      node.onAsked(record)
      return line.call('createPod', signal, async (between) => {
        const pod = node.writeRecord(uidOf(record), record)
        await between()
        if (record.pod.metadata.deletionTimestamp === undefined && record.ended === undefined)
          pod.armed = true
        node.makeSandbox(pod)
        node.makeVolumes(pod, volumes)
      })
    },
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

function uidOf(record: PodRecord): PodUid {
  const { uid } = record.pod.metadata
  if (uid === undefined) throw new Error('writing a pod record without a uid')
  return podUid(uid)
}
