import type { HookRecord, ContainerRecord, PodRecord } from '../api/records.ts'
import { sameStatuses } from './conditions.ts'
import type { ContainerView, PodView } from './view.ts'

/** The record brought up to what is known now: every action that writes it writes this. */
export function freshRecord(view: PodView, changes: Partial<PodRecord> = {}): PodRecord {
  const { record } = view.pod
  const containers: Record<string, ContainerRecord> = { ...record.containers }
  for (const container of [...view.inits, ...view.mains]) {
    if (container.observed !== undefined && !isRecorded(container))
      containers[container.name] = freshContainer(container)
  }
  const { failures: _, ...rest } = record
  return {
    ...rest,
    generation: record.generation + 1,
    conditions: view.conditions,
    containers,
    ...(view.end !== undefined && { ended: view.end }),
    ...(view.pod.failures.size > 0 && { failures: Object.fromEntries(view.pod.failures) }),
    ...changes,
  }
}

/** What the record does not say yet and could not be told again after a restart of the engine. */
export function isUpToDate(view: PodView): boolean {
  return (
    view.mains.every(isRecorded) &&
    view.inits.every(isRecorded) &&
    (view.end === undefined || view.pod.record.ended !== undefined) &&
    sameFailures(view.pod) &&
    sameStatuses(view.pod.record.conditions, view.conditions)
  )
}

function sameFailures({ failures, record }: PodView['pod']): boolean {
  const recorded = Object.entries(record.failures ?? {})
  return (
    recorded.length === failures.size &&
    recorded.every(([name, { lastAt }]) => failures.get(name)?.lastAt === lastAt)
  )
}

/** Whether an init container is done follows from its exit, which the node keeps. */
function isRecorded(container: ContainerView): boolean {
  const { facts, record } = container
  if (facts.role === 'init') return true
  return (record?.ready ?? false) === container.ready && (record?.started ?? false) === container.started
}

function freshContainer(container: ContainerView): ContainerRecord {
  const { observed, ready, record, started } = container
  return { ...record, attempt: observed?.attempt ?? 0, ready, started }
}

/** The start of a hook goes on record before the hook runs, so that an engine that dies meanwhile is known to have begun. */
export function withHook(
  record: PodRecord,
  container: ContainerView,
  hook: 'postStart' | 'preStop',
  now: Temporal.Instant,
): PodRecord {
  const started: HookRecord = { startedAt: now.toString() }
  const known = record.containers[container.name]
  const current = known?.attempt === container.observed?.attempt ? known : undefined
  const entry: ContainerRecord = { ...(current ?? freshContainer(container)), [hook]: started }
  return { ...record, containers: { ...record.containers, [container.name]: entry } }
}
