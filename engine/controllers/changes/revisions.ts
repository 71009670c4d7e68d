import { canonicalJson } from '../../api/canonical.ts'
import type { PodTemplateSpec } from '../../api/generated/types.ts'
import { keyParts, nameHash, type ObjectKey, objectKey, uidHash } from '../../api/names.ts'
import type { RecordAction } from '../../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION, type RecordedObject } from '../../api/records.ts'
import { templateText } from '../../api/templates.ts'
import { type ControllerContext, timestamp } from '../decision.ts'
import { memoised } from '../../api/memo.ts'

/** On pods: of which revision they are. */
export const REVISION_HASH = 'controller-revision-hash'

/** A template that a DaemonSet or a StatefulSet has had: Kubernetes' ControllerRevision. It is kept as a record, and stands in no commit. */
export interface Revision {
  readonly key: ObjectKey
  /** `<owner>-<hash>` */
  readonly name: string
  readonly hash: string
  /** Counts up; a template that comes back gets a new number. */
  readonly number: number
  /** As written in its commit. */
  readonly template: PodTemplateSpec
  readonly record: ObjectRecord
}

/** Undefined for a record that is no ControllerRevision. */
export const revisionOfRecord = memoised((record: ObjectRecord): Revision | undefined => {
  const { kind, metadata, spec } = record.object
  if (kind !== 'ControllerRevision' || !isRevisionSpec(spec)) return undefined
  const { name } = keyParts(record.key)
  const hash = metadata.labels?.[REVISION_HASH] ?? ''
  return { key: record.key, name, hash, number: spec.revision, template: spec.data.spec.template, record }
})

interface RevisionSpec {
  readonly revision: number
  readonly data: { readonly spec: { readonly template: PodTemplateSpec } }
}

function isRevisionSpec(spec: unknown): spec is RevisionSpec {
  const data = memberOf(spec, 'data')
  const template = memberOf(memberOf(data, 'spec'), 'template')
  return typeof memberOf(spec, 'revision') === 'number' && typeof template === 'object' && template !== null
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}

export interface RevisionOwner {
  readonly key: ObjectKey
  readonly uid: string
  /** As written: the one that is wanted now. */
  readonly template: PodTemplateSpec
  readonly isTaken: (key: ObjectKey) => boolean
}

/** All that a set has, and which of them is the one of now. */
export interface History {
  /** By number; the last one is `current`. */
  readonly revisions: readonly Revision[]
  readonly current: Revision
}

const meaning = memoised((template: PodTemplateSpec): string => templateText(template))
const hashedText = memoised((template: PodTemplateSpec): string => canonicalJson(template))

/** A template that comes back is the newest revision again, under its old name: pods that are of it stay. */
export function historyOf(
  owner: RevisionOwner,
  records: readonly ObjectRecord[],
  context: ControllerContext,
): History {
  const known = records.flatMap((record) => revisionOfRecord(record) ?? []).toSorted(byNumber)
  const text = meaning(owner.template)
  const same = known.findLast(({ template }) => meaning(template) === text)
  const others = known.filter((one) => one !== same)
  const newest = Math.max(0, ...others.map(({ number }) => number))
  const current =
    same === undefined
      ? newRevision(owner, newest + 1, context)
      : same.number > newest
        ? same
        : renumbered(same, newest + 1, context)
  return { revisions: [...others, current], current }
}

function byNumber(a: Revision, b: Revision): number {
  return a.number - b.number || (a.name < b.name ? -1 : 1)
}

/** The hash follows from the template, so that a record that was lost is made again as it was, and its pods stay. */
function newRevision(owner: RevisionOwner, number: number, context: ControllerContext): Revision {
  const { kind, name, namespace } = keyParts(owner.key)
  for (let collisions = 0; ; collisions++) {
    const salt = collisions === 0 ? [] : [String(collisions)]
    const hash = nameHash(10, hashedText(owner.template), ...salt)
    const key = objectKey('ControllerRevision', namespace, `${name}-${hash}`)
    if (owner.isTaken(key)) continue
    const created = timestamp(context.now)
    const reference = { apiVersion: 'apps/v1', kind, name, uid: owner.uid }
    const object: RecordedObject = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        uid: uidHash(owner.uid, key, created),
        creationTimestamp: created,
        labels: { ...owner.template.metadata?.labels, [REVISION_HASH]: hash },
        ownerReferences: [{ ...reference, controller: true, blockOwnerDeletion: true }],
      },
      spec: { revision: number, data: { spec: { template: owner.template } } },
    }
    const record = { recordVersion: RECORD_VERSION, generation: 1, key, commit: context.commit, object }
    return { key, name: `${name}-${hash}`, hash, number, template: owner.template, record }
  }
}

function renumbered(revision: Revision, number: number, context: ControllerContext): Revision {
  const { record, template } = revision
  const spec: RevisionSpec = { revision: number, data: { spec: { template } } }
  const object = { ...record.object, spec }
  return {
    ...revision,
    number,
    record: { ...record, generation: record.generation + 1, commit: context.commit, object },
  }
}

/** Writes the current revision where it is new, and forgets the oldest ones that no pod is of and nothing goes back to. */
export function historyActions(
  object: ObjectKey,
  { current, revisions }: History,
  records: readonly ObjectRecord[],
  isLive: (revision: Revision) => boolean,
  limit: number,
): readonly RecordAction[] {
  const isOnRecord = records.includes(current.record)
  const reason = `revision ${current.number} of its template`
  const written: readonly RecordAction[] = isOnRecord
    ? []
    : [{ kind: 'writeRecord', object, record: current.record, reason }]
  const idle = revisions.filter((revision) => revision !== current && !isLive(revision))
  const forgotten = idle.slice(0, Math.max(0, idle.length - limit)).map(
    ({ key, number }): RecordAction => ({
      kind: 'deleteRecord',
      object,
      key,
      reason: `revision ${number} is past revisionHistoryLimit`,
    }),
  )
  return [...written, ...forgotten]
}
