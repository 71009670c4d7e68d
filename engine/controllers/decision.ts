import type { ObjectMeta, PodSpec } from '../api/generated/types.ts'
import type { ObjectKey, PodUid } from '../api/names.ts'
import type { Bucket, Disruption, FieldChange, RecordAction, StatusReport } from '../api/plan.ts'
import type { ObjectRecord, PodRecord } from '../api/records.ts'
import type { DesiredObject } from '../api/snapshot.ts'
import type { PodView } from './view.ts'

/** One object of the commit (or one that a CronJob of the commit made), and what there is of it. */
export interface WorkloadInput<T> {
  readonly desired: DesiredObject
  /** With defaults. */
  readonly object: T
  readonly written: T
  readonly record: ObjectRecord | undefined
  /** By key; those that are ending or have ended, and those of nodes that do not answer, included. */
  readonly pods: readonly PodView[]
}

/** What a controller wants for one object. Where pods go and what their containers need next is for others to say. */
export interface Decision {
  readonly object: ObjectKey
  readonly records: readonly RecordAction[]
  readonly creates: readonly PodWish[]
  readonly deletes: readonly PodDeletion[]
  readonly updates: readonly PodUpdate[]
  /** Why pods that stay as they are, for now, are not simply kept. */
  readonly notes: readonly PodNote[]
  readonly changes: readonly FieldChange[]
  readonly reports: readonly StatusReport[]
  /** Milliseconds since 1970: decide again then. */
  readonly requeueAtMs: number
}

export interface PodWish {
  readonly uid: PodUid
  readonly key: ObjectKey
  readonly label: string
  readonly metadata: ObjectMeta
  /** As written; once it is admitted, with what is filled in. */
  readonly spec: PodSpec
  /** As written, of a Pod of the commit, where `spec` no longer is. */
  readonly writtenSpec?: PodSpec
  /** The OCI runtime that its RuntimeClass names; absent: the node's own. */
  readonly runtimeHandler?: string
  readonly reason: string
}

export interface PodDeletion {
  readonly pod: PodView
  readonly reason: string
  /** `change`: it is made again, differently. */
  readonly bucket: 'delete' | 'change'
  /** What takes a pod away that could stay, if anything does: budgets hold these back, but for `taint` and `deletion`, as in Kubernetes. */
  readonly disrupts?: Disruption
  /** In the place of its own grace period. */
  readonly gracePeriodSeconds?: number
  /** What stays of its finalizers with the deletion; absent: all. A Job's pod without its mark is not counted. */
  readonly finalizers?: readonly string[]
}

export interface PodUpdate {
  readonly pod: PodView
  readonly record: PodRecord
  readonly reason: string
  /** Its containers are to have other resources: if the node has room for them. */
  readonly resizes?: true
}

export interface PodNote {
  readonly pod: PodView
  readonly bucket: Bucket
  readonly reason: string
}

export interface ControllerContext {
  readonly now: Temporal.Instant
  readonly nowMs: number
  readonly commit: string
  /** There may be pods that nobody could read: what they need must stay. */
  readonly unread?: boolean
}

/** Of an object about which there is nothing to say. */
export function nothing(object: ObjectKey): Decision {
  return {
    object,
    records: [],
    creates: [],
    deletes: [],
    updates: [],
    notes: [],
    changes: [],
    reports: [],
    requeueAtMs: Number.POSITIVE_INFINITY,
  }
}

/** As Kubernetes keeps times, but to the millisecond: pods start faster than in seconds. */
export function timestamp(now: Temporal.Instant): string {
  return now.toString({ smallestUnit: 'millisecond' })
}
