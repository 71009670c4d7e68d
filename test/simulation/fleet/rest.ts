import type { KubernetesObject } from '../../../engine/api/generated/types.ts'
import { keyParts } from '../../../engine/api/names.ts'
import type { SimulatedPod } from '../../../engine/runtimes/simulated/pod.ts'
import { isAlive } from './laws/law.ts'
import { unserved } from './laws/services.ts'
import type { Fleet } from './world.ts'

/** What differs between a fleet that has come to rest and what its commit says; a sentence each. */
export function differences(fleet: Fleet): readonly string[] {
  const objects = [...fleet.desired.objects.values()].map(({ object }) => object)
  return [
    ...objects.flatMap((object) => wrongNumber(object, fleet)),
    ...fleet.pods.flatMap((pod) => orphaned(pod, fleet)),
    ...orphanedRecords(fleet),
    ...unserved(fleet),
  ]
}

function wrongNumber(object: KubernetesObject, fleet: Fleet): readonly string[] {
  const { name = '' } = object.metadata ?? {}
  const wanted = replicasOf(object, fleet)
  if (wanted === undefined) return []
  const alive = fleet.pods.filter((pod) => ownerName(pod) === name && isAlive(pod))
  if (alive.length !== wanted)
    return [`${object.kind} ${name} has ${alive.length} pods that run, not ${wanted}`]
  const image = isUpdated(object) ? imageOf(object) : undefined
  return alive
    .filter((pod) => image !== undefined && pod.record.pod.spec.containers[0]?.image !== image)
    .map((pod) => `${pod.record.pod.metadata.name} is not of the image ${image}`)
}

/** A Deployment's pods by their label, since a ReplicaSet lies between. */
function ownerName({ record }: SimulatedPod): string | undefined {
  const { labels, name, ownerReferences } = record.pod.metadata
  return ownerReferences === undefined ? name : labels?.['app']
}

/** How many pods run at rest; undefined: that is not for this object to say. A Job's have all ended. */
function replicasOf(object: KubernetesObject, fleet: Fleet): number | undefined {
  if (object.kind === 'Pod') return 1
  if (object.kind === 'DaemonSet') return fleet.nodes.length
  if (object.kind === 'Job') return 0
  if (object.kind === 'Deployment' || object.kind === 'ReplicaSet' || object.kind === 'StatefulSet')
    return object.spec.replicas ?? 1
  return undefined
}

/** Whether each of its pods is brought to the newest template. A ReplicaSet leaves the pods that it has as they are. */
function isUpdated(object: KubernetesObject): boolean {
  if (object.kind === 'StatefulSet') {
    const { rollingUpdate, type } = object.spec.updateStrategy ?? {}
    return type !== 'OnDelete' && (rollingUpdate?.partition ?? 0) === 0
  }
  if (object.kind === 'DaemonSet') return object.spec.updateStrategy?.type !== 'OnDelete'
  return object.kind === 'Deployment' || object.kind === 'Pod'
}

function imageOf(object: KubernetesObject): string | undefined {
  if (object.kind === 'Pod') return object.spec.containers[0]?.image
  if (object.kind === 'Deployment' || object.kind === 'StatefulSet' || object.kind === 'DaemonSet')
    return object.spec.template.spec?.containers[0]?.image
  return undefined
}

/** Nothing of ours is left that nothing owns. */
function orphaned(pod: SimulatedPod, fleet: Fleet): readonly string[] {
  const { name } = pod.record.pod.metadata
  const app = ownerName(pod)
  const isWanted = [...fleet.desired.objects.keys()].some((key) => keyParts(key).name === app)
  return isWanted ? [] : [`pod ${name} is left, and nothing in the commit owns it`]
}

function orphanedRecords({ desired, head }: Fleet): readonly string[] {
  const uids = new Set(
    [...head.objectRecords.values()]
      .map(({ object }) => object.metadata.uid)
      .filter((uid) => uid !== undefined),
  )
  return [...head.objectRecords.values()].flatMap(({ key, object }) => {
    const owners = object.metadata.ownerReferences ?? []
    if (desired.objects.has(key) || object.kind === 'PersistentVolumeClaim') return []
    return owners.some(({ uid }) => uids.has(uid)) ? [] : [`record ${key} is left, and nothing owns it`]
  })
}
