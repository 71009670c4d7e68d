import { canonicalJson, fieldChanges } from '../api/canonical.ts'
import { podSpecWithDefaults } from '../api/defaults/pod.ts'
import type { ObjectMeta, Pod, PodSpec } from '../api/generated/types.ts'
import { keyParts, podUid, uidHash } from '../api/names.ts'
import type { FieldChange } from '../api/plan.ts'
import { RESIZE_PENDING, resizeOf } from '../api/resize.ts'
import type { DesiredObject } from '../api/snapshot.ts'
import type { PodRecord } from '../api/records.ts'
import { templateText } from '../api/templates.ts'
import {
  type ControllerContext,
  type Decision,
  nothing,
  type PodUpdate,
  type PodWish,
  timestamp,
} from './decision.ts'
import { memoised } from '../api/memo.ts'
import { byRight, type PodView } from './view.ts'

/**
 * A Pod that no controller owns. Kubernetes refuses nearly every change to a Pod's spec; here it is replaced, the old one gone first,
 * since two of one name must never run. Labels, annotations, and cpu and memory of its containers are changed in place (docs/decisions/011). One that has failed stays, as in Kubernetes.
 */
export function podDecision(
  desired: DesiredObject,
  wanted: Pod,
  pods: readonly PodView[],
  context: ControllerContext,
): Decision {
  const [existing, ...spare] = pods.toSorted(byRight)
  if (existing === undefined) {
    return { ...nothing(desired.key), creates: [wishFor(desired, wanted, context)] }
  }
  const decision = decisionOn(existing, desired, wanted, context)
  const reason = `another pod has its name: ${existing.uid} on ${existing.node} stays`
  const deletes = spare
    .filter(({ deleting }) => !deleting)
    .map((pod) => ({ pod, reason, bucket: 'delete' }) as const)
  return deletes.length === 0 ? decision : { ...decision, deletes: [...decision.deletes, ...deletes] }
}

function decisionOn(
  existing: PodView,
  desired: DesiredObject,
  wanted: Pod,
  context: ControllerContext,
): Decision {
  const none = nothing(desired.key)
  const { record } = existing
  const before = record.writtenSpec ?? record.pod.spec
  const changes = changesOf({ ...record.pod, spec: before }, wanted)
  if (existing.deleting) {
    const reason = 'is removed; then it is made again as the commit has it'
    return { ...none, changes, notes: [{ pod: existing, bucket: 'change', reason }] }
  }
  const sooner = endsSooner(before, wanted.spec)
  if (!sooner && specText(before) !== specText(wanted.spec)) {
    const resize = resizeOf(before, wanted.spec)
    const isHere = record.writtenSpec === undefined && !existing.finished
    if (typeof resize === 'object' && isHere) {
      const update = resized(existing, wanted, resize, context)
      return { ...none, changes, updates: [update] }
    }
    const why = typeof resize === 'string' ? `, not resized, for ${resize}` : ''
    const reason = `its spec changed: it is removed, then made again${why}`
    return { ...none, changes, deletes: [{ pod: existing, reason, bucket: 'change' }] }
  }
  const waits = record.conditions.some(({ type }) => type === RESIZE_PENDING)
  if (!sooner && !waits && metaText(record.pod.metadata) === metaText(wanted.metadata)) return none
  const metadata = withWritten(record.pod.metadata, wanted.metadata)
  const { activeDeadlineSeconds } = wanted.spec
  const spec = {
    ...record.pod.spec,
    ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
  }
  const pod: Pod = { ...record.pod, metadata, ...(sooner && { spec }) }
  const updated = {
    ...record,
    generation: record.generation + 1,
    commit: context.commit,
    pod,
    conditions: notPending(record),
    ...(record.writtenSpec !== undefined && { writtenSpec: wanted.spec }),
  }
  const reason = sooner
    ? 'its deadline changed'
    : waits
      ? 'its resources are to stay as they are'
      : 'its labels or annotations changed'
  return { ...none, changes, updates: [{ pod: existing, record: updated, reason }] }
}

/** What a container had before a resize that is still under way, it has until that and this one are done. */
function resized(
  existing: PodView,
  wanted: Pod,
  resize: NonNullable<PodRecord['resizing']>,
  context: ControllerContext,
): PodUpdate {
  const { record } = existing
  const resizing = Object.fromEntries(
    Object.entries({ ...record.resizing, ...resize }).map(([name, one]) => {
      const { resources, restart } = record.resizing?.[name] ?? one
      return [name, { resources, ...((restart ?? one.restart) && { restart: true as const }) }]
    }),
  )
  const metadata = withWritten(record.pod.metadata, wanted.metadata)
  const updated: PodRecord = {
    ...record,
    generation: record.generation + 1,
    commit: context.commit,
    pod: { ...record.pod, metadata, spec: wanted.spec },
    conditions: notPending(record),
    resizing,
  }
  const names = Object.keys(resize).join(', ')
  return {
    pod: existing,
    record: updated,
    reason: `the resources of container ${names} changed`,
    resizes: true,
  }
}

function notPending({ conditions }: PodRecord): PodRecord['conditions'] {
  return conditions.filter(({ type }) => type !== RESIZE_PENDING)
}

/** The one other change of a running pod's spec that Kubernetes allows here too: a deadline is set, or brought forward. */
function endsSooner(before: PodSpec, after: PodSpec): boolean {
  const { activeDeadlineSeconds: was = Number.POSITIVE_INFINITY, ...rest } = before
  const { activeDeadlineSeconds: is = Number.POSITIVE_INFINITY, ...others } = after
  return is < was && templateText({ spec: rest }) === templateText({ spec: others })
}

const specText = memoised((spec: PodSpec): string => templateText({ spec }))

const metaText = memoised((metadata: ObjectMeta): string =>
  canonicalJson([metadata.labels ?? {}, metadata.annotations ?? {}]),
)

function wishFor(desired: DesiredObject, wanted: Pod, context: ControllerContext): PodWish {
  const { namespace, name } = keyParts(desired.key)
  const created = timestamp(context.now)
  const uid = podUid(uidHash(desired.key, name, created))
  const metadata = { ...written(wanted.metadata), name, namespace, uid, creationTimestamp: created }
  const reason = 'is in the commit and not on a node'
  return { uid, key: desired.key, label: `${namespace}/${name}`, metadata, spec: wanted.spec, reason }
}

type Written = Pick<ObjectMeta, 'labels' | 'annotations'>

function written({ labels, annotations }: ObjectMeta): Written {
  return { ...(labels !== undefined && { labels }), ...(annotations !== undefined && { annotations }) }
}

function withWritten(metadata: ObjectMeta, wanted: ObjectMeta): ObjectMeta {
  const { labels: _labels, annotations: _annotations, ...rest } = metadata
  return { ...rest, ...written(wanted) }
}

function changesOf(running: Pod, wanted: Pod): readonly FieldChange[] {
  if (
    specText(running.spec) === specText(wanted.spec) &&
    metaText(running.metadata) === metaText(wanted.metadata)
  )
    return []
  const shown = (pod: Pod): unknown => ({
    metadata: written(pod.metadata),
    spec: podSpecWithDefaults(pod.spec),
  })
  return fieldChanges(shown(running), shown(wanted))
}
