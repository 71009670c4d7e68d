import type { KubernetesObject } from '../api/generated/types.ts'
import type { StatusReport } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'

/** What a row of `reconcile status` is made from. */
export interface RowInput {
  readonly report: StatusReport
  /** With defaults, and with as many replicas as its autoscaler wants; undefined when the commit does not have it. */
  readonly object: KubernetesObject | undefined
  readonly record: ObjectRecord | undefined
  readonly now: Temporal.Instant
}

/** A number of the status; 0 when it has none of this name. */
export function countIn({ status }: StatusReport, field: string): string {
  if (typeof status !== 'object' || status === null) return '0'
  const value: unknown = Object.entries(status).find(([name]) => name === field)?.[1]
  return typeof value === 'number' ? String(value) : '0'
}
