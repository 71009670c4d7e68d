import { canonicalJson } from '../../api/canonical.ts'
import type {
  Deployment,
  LabelSelector,
  OwnerReference,
  Pod,
  PodTemplateSpec,
} from '../../api/generated/types.ts'
import { keyParts, nameHash, type ObjectKey, objectKey, uidHash } from '../../api/names.ts'
import { type ObjectRecord, RECORD_VERSION, type RecordedObject } from '../../api/records.ts'
import { matchesSelector } from '../../api/selectors.ts'
import { TEMPLATE_HASH, templateText } from '../../api/templates.ts'
import { controllerOf } from '../../api/owners.ts'
import { type ControllerContext, timestamp } from '../decision.ts'
import { memoised } from '../../api/memo.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'

/** A ReplicaSet as its record has it. It is derived from a Deployment and stands in no commit. */
export interface SetRecord {
  readonly key: ObjectKey
  readonly name: string
  readonly uid: string
  /** `Deployment/namespace/name`, by name: a Deployment that comes back finds its sets again. */
  readonly deployment: ObjectKey
  readonly deploymentUid: string
  readonly hash: string
  readonly revision: number
  readonly replicas: number
  /** The Deployment's replicas, and those plus its surge, when this set was last scaled: proportional scaling counts from them. */
  readonly desiredReplicas: number | undefined
  readonly maxReplicas: number | undefined
  readonly created: string
  readonly selector: LabelSelector
  /** As written in its commit. */
  readonly template: PodTemplateSpec
  readonly record: ObjectRecord
}

/** Undefined for a record that is no ReplicaSet of a Deployment. */
export const setOfRecord = memoised((record: ObjectRecord): SetRecord | undefined => {
  const { metadata, spec } = record.object
  const owner = controllerOf(metadata)
  if (record.object.kind !== 'ReplicaSet' || owner?.kind !== 'Deployment' || !isSetSpec(spec))
    return undefined
  const { namespace, name } = keyParts(record.key)
  const annotations = metadata.annotations ?? {}
  return {
    key: record.key,
    name,
    uid: metadata.uid ?? '',
    deployment: objectKey('Deployment', namespace, owner.name),
    deploymentUid: owner.uid,
    hash: metadata.labels?.[TEMPLATE_HASH] ?? '',
    revision: numberOf(annotations[REVISION]) ?? 0,
    replicas: spec.replicas,
    desiredReplicas: numberOf(annotations[DESIRED_REPLICAS]),
    maxReplicas: numberOf(annotations[MAX_REPLICAS]),
    created: metadata.creationTimestamp ?? '',
    selector: spec.selector,
    template: spec.template,
    record,
  }
})

interface SetSpec {
  readonly replicas: number
  readonly selector: LabelSelector
  readonly template: PodTemplateSpec
}

function isSetSpec(spec: unknown): spec is SetSpec {
  return (
    typeof spec === 'object' &&
    spec !== null &&
    'replicas' in spec &&
    typeof spec.replicas === 'number' &&
    'selector' in spec &&
    typeof spec.selector === 'object' &&
    'template' in spec &&
    typeof spec.template === 'object'
  )
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text)
  return text === undefined || !Number.isInteger(value) ? undefined : value
}

/** What of a set changes in its life. */
export interface SetChange {
  readonly replicas: number
  readonly revision: number
  readonly desiredReplicas: number
  readonly maxReplicas: number
  readonly minReadySeconds: number
}

const meaning = memoised((template: PodTemplateSpec): string => templateText(template))

/** By meaning, never by hash alone: two templates may share a hash, and one template may be written in two ways. */
export function hasTemplate(set: SetRecord, template: PodTemplateSpec): boolean {
  return meaning(set.template) === meaning(template)
}

const hashedText = memoised((template: PodTemplateSpec): string => canonicalJson(template))

/** A set for the Deployment's template of today, with no pods yet. A name that is taken makes the hash another one. */
export function newSet(
  key: ObjectKey,
  deploymentUid: string,
  written: Deployment,
  isTaken: (key: ObjectKey) => boolean,
  context: ControllerContext,
): SetRecord {
  const { namespace, name } = keyParts(key)
  const { template } = written.spec
  const created = timestamp(context.now)
  for (let collisions = 0; ; collisions++) {
    const salt = collisions === 0 ? [] : [String(collisions)]
    const hash = nameHash(10, hashedText(template), ...salt)
    const setKey = objectKey('ReplicaSet', namespace, `${name}-${hash}`)
    if (isTaken(setKey)) continue
    const uid = uidHash(deploymentUid, setKey, created)
    return unwritten({ key, written, deploymentUid, hash, uid, created, template, commit: context.commit })
  }
}

/**
 * The set that a pod speaks of and whose record is lost: all that matters of it stands in the pod. Without this, pods that run well
 * would be taken for nobody's.
 */
export function restoredSet(
  key: ObjectKey,
  written: Deployment,
  pod: Pod,
  owner: OwnerReference,
  commit: string,
): SetRecord | undefined {
  const { annotations, creationTimestamp = '', labels = {} } = pod.metadata
  const { [TEMPLATE_HASH]: hash = '', ...rest } = labels
  if (owner.kind !== 'ReplicaSet' || owner.name !== `${keyParts(key).name}-${hash}`) return undefined
  if (!matchesSelector(written.spec.selector, labels)) return undefined
  const metadata = { labels: rest, ...(annotations !== undefined && { annotations }) }
  const template = { metadata, spec: pod.spec }
  const deploymentUid = uidHash(key, owner.uid)
  return unwritten({
    key,
    written,
    deploymentUid,
    hash,
    uid: owner.uid,
    created: creationTimestamp,
    template,
    commit,
  })
}

interface Unwritten {
  /** The Deployment's. */
  readonly key: ObjectKey
  readonly written: Deployment
  readonly deploymentUid: string
  readonly hash: string
  readonly uid: string
  readonly created: string
  readonly template: PodTemplateSpec
  readonly commit: string
}

/** Generation 0: not on record yet. */
function unwritten({ key, ...set }: Unwritten): SetRecord {
  const { namespace, name } = keyParts(key)
  const { commit, created, hash, template, uid } = set
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: set.deploymentUid }
  const object: RecordedObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      uid,
      creationTimestamp: created,
      labels: { ...template.metadata?.labels, [TEMPLATE_HASH]: hash },
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: { replicas: 0, selector: withHash(set.written.spec.selector, hash), template },
  }
  const setKey = objectKey('ReplicaSet', namespace, `${name}-${hash}`)
  const record = { recordVersion: RECORD_VERSION, generation: 0, key: setKey, commit, object }
  const made = setOfRecord(record)
  if (made === undefined)
    throw new Error(`making a ReplicaSet for ${key}: its own record could not be read back`)
  return made
}

function withHash(selector: LabelSelector, hash: string): LabelSelector {
  return { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } }
}

/** The record with the change written in; undefined when it holds that already. */
export function changedRecord(
  set: SetRecord,
  change: SetChange,
  context: ControllerContext,
): ObjectRecord | undefined {
  const annotations = {
    ...set.record.object.metadata.annotations,
    [REVISION]: String(change.revision),
    [DESIRED_REPLICAS]: String(change.desiredReplicas),
    [MAX_REPLICAS]: String(change.maxReplicas),
  }
  const spec = {
    replicas: change.replicas,
    ...(change.minReadySeconds > 0 && { minReadySeconds: change.minReadySeconds }),
    selector: set.selector,
    template: set.template,
  }
  if (
    set.record.generation > 0 &&
    set.replicas === change.replicas &&
    set.revision === change.revision &&
    set.desiredReplicas === change.desiredReplicas &&
    set.maxReplicas === change.maxReplicas
  )
    return undefined
  const { record } = set
  const metadata = { ...record.object.metadata, annotations }
  return {
    ...record,
    generation: record.generation + 1,
    commit: context.commit,
    object: { ...record.object, metadata, spec },
  }
}

const selectorText = memoised((selector: LabelSelector): string => {
  const { [TEMPLATE_HASH]: _, ...matchLabels } = selector.matchLabels ?? {}
  return canonicalJson([matchLabels, selector.matchExpressions ?? []])
})

/** As the Deployment had it. */
export function writtenSelector({ selector }: SetRecord): LabelSelector {
  const { [TEMPLATE_HASH]: _, ...matchLabels } = selector.matchLabels ?? {}
  return { ...selector, matchLabels }
}

/** The template hash aside, which only the engine adds. */
export function hasSelector(set: SetRecord, selector: LabelSelector): boolean {
  return selectorText(set.selector) === selectorText(selector)
}
