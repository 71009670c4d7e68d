import { controllerOf } from '../../api/owners.ts'
import type { ObjectMeta } from '../../api/generated/types.ts'
import { keyParts, type NodeName, type ObjectKey, objectKey, type PodUid } from '../../api/names.ts'
import type { PodAction, StatusReport } from '../../api/plan.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import type { LoopState } from '../../reconciler/loop.ts'
import type { Regarded } from './telling.ts'

/** Where things stand while they are told of: for names, uids and labels that the events themselves do not carry. */
export type Scene = Pick<LoopState, 'plan' | 'snapshot'> & {
  /** The Cluster's name, while there is no snapshot. */
  readonly cluster?: string | undefined
}

type PodMeta = Pick<ObjectMeta, 'ownerReferences' | 'labels' | 'uid'>

export interface OfPod {
  readonly uid: PodUid
  /** `namespace/name` */
  readonly pod: string
  readonly node: NodeName
}

export function commitOf({ snapshot }: Scene): string | undefined {
  return snapshot?.desired.commit
}

export function observedPod({ snapshot }: Scene, { node, uid }: OfPod): ObservedPod | undefined {
  return snapshot?.observed.nodes.get(node)?.pods.get(uid)
}

export function statusOf({ plan }: Scene, key: ObjectKey): StatusReport | undefined {
  return plan?.statuses.get(key)
}

export function podKey(pod: string): ObjectKey {
  const slash = pod.indexOf('/')
  return objectKey('Pod', pod.slice(0, slash), pod.slice(slash + 1))
}

/** The pod as an Event's object, or one of its containers. */
export function aboutPod(scene: Scene, pod: OfPod, container?: ContainerName): Regarded {
  const { labels } = observedPod(scene, pod)?.record.pod.metadata ?? {}
  return {
    key: podKey(pod.pod),
    uid: pod.uid,
    host: pod.node,
    ...(labels !== undefined && { labels }),
    ...(container !== undefined && container.name !== '' && { fieldPath: fieldPath(container) }),
  }
}

export interface ContainerName {
  readonly name: string
  readonly isInit: boolean
}

export function containerName(scene: Scene, pod: OfPod, name: string): ContainerName {
  const { initContainers = [] } = observedPod(scene, pod)?.record.pod.spec ?? {}
  return { name, isInit: initContainers.some((init) => init.name === name) }
}

function fieldPath({ isInit, name }: ContainerName): string {
  return `spec.${isInit ? 'initContainers' : 'containers'}{${name}}`
}

/** An object that has a record or stands in the commit. */
export function aboutObject({ snapshot }: Scene, key: ObjectKey): Regarded {
  const recorded = snapshot?.records.get(key)?.object
  const desired = snapshot?.desired.objects.get(key)?.object
  const labels = desired?.metadata.labels ?? recorded?.metadata.labels
  const apiVersion = desired?.apiVersion ?? recorded?.apiVersion
  const uid = recorded?.metadata.uid
  return {
    key,
    ...(apiVersion !== undefined && { apiVersion }),
    ...(uid !== undefined && { uid }),
    ...(labels !== undefined && { labels }),
  }
}

/** The controller of a pod that an action is about, as an Event's object; undefined for a Pod of the commit. */
export function aboutController(scene: Scene, action: PodAction): Regarded | undefined {
  const metadata: PodMeta | undefined =
    'record' in action ? action.record.pod.metadata : observedPod(scene, action)?.record.pod.metadata
  const owner = metadata && controllerOf(metadata)
  if (owner === undefined) return undefined
  const key = objectKey(owner.kind, action.pod.slice(0, action.pod.indexOf('/')), owner.name)
  return { ...aboutObject(scene, key), apiVersion: owner.apiVersion, uid: owner.uid }
}

/** What a pod's line of the log names as its object: the one of the commit that wants it, as far as is known. */
export function objectOfPod(scene: Scene, pod: OfPod): ObjectKey {
  const metadata = observedPod(scene, pod)?.record.pod.metadata
  const owner = metadata && controllerOf(metadata)
  if (metadata === undefined || owner === undefined) return podKey(pod.pod)
  return topOwner(scene, objectKey(owner.kind, metadata.namespace, owner.name))
}

/** Of a ReplicaSet its Deployment, of a Job its CronJob; itself where there is none above. */
export function topOwner({ snapshot }: Scene, key: ObjectKey): ObjectKey {
  const metadata = snapshot?.records.get(key)?.object.metadata
  const above = metadata && controllerOf(metadata)
  return above === undefined ? key : objectKey(above.kind, keyParts(key).namespace, above.name)
}
