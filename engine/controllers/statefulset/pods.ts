import type { OwnerReference, PodSpec, StatefulSet, VolumeClaimTemplate } from '../../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey, uidHash } from '../../api/names.ts'
import type { RecordAction } from '../../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION, type RecordedObject } from '../../api/records.ts'
import { canonicalJson } from '../../api/canonical.ts'
import { type ControllerContext, type PodWish, timestamp } from '../decision.ts'
import { ownedPodWish, type PodOwner } from '../ownedPod.ts'
import { REVISION_HASH, type Revision } from '../changes/revisions.ts'
import type { StatefulPod } from './rollout.ts'
import type { PodView } from '../view.ts'

const POD_NAME = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX = 'apps.kubernetes.io/pod-index'

/** A pod of the set with what the rollout asks of it. */
export interface OwnPod extends StatefulPod {
  readonly pod: PodView
}

/** Of `web-12` of the set `web`; undefined for a name that is none of the set's. */
export function ordinalOf(set: string, pod: string): number | undefined {
  const number = pod.startsWith(`${set}-`) ? pod.slice(set.length + 1) : ''
  return /^(0|[1-9][0-9]{0,9})$/.test(number) ? Number(number) : undefined
}

export interface StatefulOwner extends PodOwner {
  /** The one in force, as written. */
  readonly set: StatefulSet
}

/** A pod with its ordinal's name, host name and claims. */
export function statefulPodWish(
  owner: StatefulOwner,
  ordinal: number,
  revision: Revision,
  context: ControllerContext,
): PodWish {
  const { metadata, spec } = revision.template
  const name = `${keyParts(owner.key).name}-${ordinal}`
  const pod = {
    name,
    metadata,
    labels: {
      ...metadata?.labels,
      [POD_NAME]: name,
      [POD_INDEX]: String(ordinal),
      [REVISION_HASH]: revision.name,
    },
    spec: specOf(owner, name, ordinal, spec),
    reason: `ordinal ${ordinal}, revision ${revision.number}`,
  }
  return ownedPodWish(owner, pod, context)
}

function referenceTo({ key, uid }: StatefulOwner): OwnerReference {
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', name: keyParts(key).name, uid }
}

/** A claim stands in the place of a volume of the template that has its name. */
function specOf(owner: StatefulOwner, hostname: string, ordinal: number, spec: PodSpec): PodSpec {
  const { serviceName, volumeClaimTemplates = [] } = owner.set.spec
  const claims = volumeClaimTemplates.map((template) => ({
    name: template.metadata.name,
    persistentVolumeClaim: { claimName: claimName(owner, template, ordinal) },
  }))
  const names = new Set(claims.map(({ name }) => name))
  const volumes = [...claims, ...(spec.volumes ?? []).filter(({ name }) => !names.has(name))]
  return {
    ...spec,
    hostname,
    ...(serviceName !== undefined && serviceName !== '' && { subdomain: serviceName }),
    ...(volumes.length > 0 && { volumes }),
  }
}

function claimName({ key }: StatefulOwner, { metadata }: VolumeClaimTemplate, ordinal: number): string {
  return `${metadata.name}-${keyParts(key).name}-${ordinal}`
}

export interface ClaimsInput {
  readonly owner: StatefulOwner
  /** Ordinals of pods that are, or are about to be. */
  readonly ordinals: readonly number[]
  /** Pods that are too many, by ordinal: with whenScaled Delete their claims go when they have gone. */
  readonly condemned: ReadonlyMap<number, PodView>
  readonly recordOf: (key: ObjectKey) => ObjectRecord | undefined
  /** In the commit itself. */
  readonly isWritten: (key: ObjectKey) => boolean
}

/** Claims before the pods that use them, and whose going makes them go: the set's, the pod's, or nobody's. */
export function claimActions(input: ClaimsInput, context: ControllerContext): readonly RecordAction[] {
  const { owner, ordinals } = input
  const { namespace } = keyParts(owner.key)
  const templates = owner.set.spec.volumeClaimTemplates ?? []
  return ordinals.flatMap((ordinal) =>
    templates.flatMap((template): RecordAction[] => {
      const key = objectKey('PersistentVolumeClaim', namespace, claimName(owner, template, ordinal))
      if (input.isWritten(key)) return []
      const references = retention(input, ordinal)
      const record = input.recordOf(key)
      const next =
        record === undefined
          ? newClaim(owner, template, key, references, context)
          : withReferences(record, owner, references, context)
      if (next === undefined) return []
      const reason = record === undefined ? `ordinal ${ordinal} claims it` : 'what it goes with changed'
      return [{ kind: 'writeRecord', object: owner.key, record: next, reason }]
    }),
  )
}

/** Kubernetes' updateClaimOwnerRefForSetAndPod. */
function retention({ condemned, owner }: ClaimsInput, ordinal: number): readonly OwnerReference[] {
  const { whenDeleted, whenScaled } = owner.set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  const pod = condemned.get(ordinal)
  if (whenScaled === 'Delete' && pod !== undefined)
    return [{ apiVersion: 'v1', kind: 'Pod', name: pod.record.pod.metadata.name ?? '', uid: pod.uid }]
  return whenDeleted === 'Delete' ? [referenceTo(owner)] : []
}

function newClaim(
  owner: StatefulOwner,
  { metadata, spec }: VolumeClaimTemplate,
  key: ObjectKey,
  references: readonly OwnerReference[],
  context: ControllerContext,
): ObjectRecord {
  const { name, namespace } = keyParts(key)
  const created = timestamp(context.now)
  const labels = { ...metadata.labels, ...owner.set.spec.selector.matchLabels }
  const object: RecordedObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace,
      uid: uidHash(key, created),
      creationTimestamp: created,
      labels,
      ...(metadata.annotations !== undefined && { annotations: metadata.annotations }),
      ...(references.length > 0 && { ownerReferences: references }),
    },
    spec,
    status: { phase: 'Pending' },
  }
  return { recordVersion: RECORD_VERSION, generation: 1, key, commit: context.commit, object }
}

/** References to others than the set and its pods stay. Undefined when nothing changes. */
function withReferences(
  record: ObjectRecord,
  owner: StatefulOwner,
  references: readonly OwnerReference[],
  context: ControllerContext,
): ObjectRecord | undefined {
  const { ownerReferences: before = [], ...metadata } = record.object.metadata
  const { name: set } = keyParts(owner.key)
  const isOurs = ({ kind, name }: OwnerReference): boolean =>
    kind === 'StatefulSet' ? name === set : kind === 'Pod' && ordinalOf(set, name) !== undefined
  const after = [...before.filter((reference) => !isOurs(reference)), ...references]
  if (canonicalJson(before) === canonicalJson(after)) return undefined
  const kept = after.length === 0 ? metadata : { ...metadata, ownerReferences: after }
  return {
    ...record,
    generation: record.generation + 1,
    commit: context.commit,
    object: { ...record.object, metadata: kept },
  }
}
