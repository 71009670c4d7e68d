import type { ObjectMeta, PodSpec } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey, podUid, uidHash } from '../api/names.ts'
import { type ControllerContext, type PodWish, timestamp } from './decision.ts'

export interface PodOwner {
  readonly key: ObjectKey
  readonly uid: string
}

export interface OwnedPod {
  readonly name: string
  /** From the template. */
  readonly metadata: Pick<ObjectMeta, 'annotations'> | undefined
  /** Those of the template, too. */
  readonly labels: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  /** As written. */
  readonly spec: PodSpec
  readonly reason: string
}

/** A pod that a controller makes: its uid follows from its owner, its name and the time, so that a plan made twice wants one pod. */
export function ownedPodWish(
  { key, uid: ownerUid }: PodOwner,
  { finalizers, labels, metadata, name, reason, spec }: OwnedPod,
  context: ControllerContext,
): PodWish {
  const { kind, name: owner, namespace } = keyParts(key)
  const created = timestamp(context.now)
  const uid = podUid(uidHash(ownerUid, name, created))
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1'
  const reference = { apiVersion, kind, name: owner, uid: ownerUid }
  const own: ObjectMeta = {
    name,
    namespace,
    uid,
    creationTimestamp: created,
    labels,
    ...(metadata?.annotations !== undefined && { annotations: metadata.annotations }),
    ...(finalizers !== undefined && { finalizers }),
    ownerReferences: [{ ...reference, controller: true, blockOwnerDeletion: true }],
  }
  return {
    uid,
    key: objectKey('Pod', namespace, name),
    label: `${namespace}/${name}`,
    metadata: own,
    spec,
    reason,
  }
}
