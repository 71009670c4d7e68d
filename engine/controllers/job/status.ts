import type { Job, JobCondition, JobSpec, JobStatus } from '../../api/generated/types.ts'
import { keyParts } from '../../api/names.ts'
import type { Health, StatusReport } from '../../api/plan.ts'
import type { WorkloadInput } from '../decision.ts'
import { conditionTrue, countsOf, finishedCondition, type JobMemory } from './memory.ts'
import type { JobScale } from './scale.ts'
import { jobLabels, jobSelector } from './wishes.ts'
import type { Condition } from '../memory.ts'
import type { PodView } from '../view.ts'

/** The official status: what is remembered, and what the pods are doing now. */
export function reportedStatus(
  spec: JobSpec,
  memory: JobMemory,
  active: readonly PodView[],
  terminating: readonly PodView[],
): JobStatus {
  const conditions: readonly JobCondition[] = memory.conditions.map(officialCondition)
  return {
    ...(conditions.length > 0 && { conditions }),
    ...countsOf(memory, spec.completionMode === 'Indexed'),
    active: active.length,
    ready: active.filter(({ ready }) => ready).length,
    terminating: terminating.length,
  }
}

function officialCondition({ lastUpdateTime: _updated, ...condition }: Condition): JobCondition {
  return condition
}

const HEALTHY: Health = { kind: 'healthy' }

/** Suspended Jobs are nobody's trouble, nor are those that are done. */
export function jobHealth(
  spec: JobSpec,
  status: JobStatus,
  scale?: JobScale,
  pods: readonly PodView[] = [],
): Health {
  const conditions = (status.conditions ?? []).map((one): Condition => one)
  const finished = finishedCondition({ conditions })
  if (finished?.type === 'Complete') return HEALTHY
  if (finished !== undefined) {
    const message = `${finished.message ?? ''}; ${countsText(spec, status)}`
    return { kind: 'failed', reason: finished.reason ?? 'Failed', message }
  }
  const goal = conditionTrue(conditions, 'FailureTarget') ?? conditionTrue(conditions, 'SuccessCriteriaMet')
  if (goal !== undefined) return { kind: 'progressing', message: `${goal.message ?? ''}; its pods end` }
  if (spec.suspend === true) return HEALTHY
  return (
    stuck(spec, pods) ?? { kind: 'progressing', message: `${countsText(spec, status)}${retryText(scale)}` }
  )
}

/** What no waiting helps. */
function stuck({ parallelism }: JobSpec, pods: readonly PodView[]): Health | undefined {
  if (parallelism === 0)
    return {
      kind: 'failed',
      reason: 'ParallelismIsZero',
      message: 'parallelism is 0, so no pod is made: set it to 1 or more, or suspend the Job',
    }
  const active = pods.filter(({ deleting, finished }) => !deleting && !finished)
  const hopeless = active.filter(
    ({ health }) => health.kind === 'failed' && health.reason !== 'CrashLoopBackOff',
  )
  // Others may yet end the Job, well or badly.
  return hopeless.length > 0 && hopeless.length === active.length ? hopeless[0]?.health : undefined
}

function countsText(
  { completions }: JobSpec,
  { active = 0, failed = 0, failedIndexes, succeeded = 0 }: JobStatus,
): string {
  return [
    completions === undefined ? `${succeeded} succeeded` : `${succeeded} of ${completions} done`,
    ...(active > 0 ? [`${active} active`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(failedIndexes === undefined ? [] : [`failed indexes ${failedIndexes}`]),
  ].join(', ')
}

function retryText(scale: JobScale | undefined): string {
  if (scale === undefined || !Number.isFinite(scale.retryAtMs)) return ''
  const at = Temporal.Instant.fromEpochMilliseconds(Math.ceil(scale.retryAtMs))
  return `; the next try is at ${at.toString({ smallestUnit: 'second' })}`
}

/** The official Job as an API server would show it: with its selector, and with the labels of its pods. */
export function jobReport(
  { desired, object, record }: WorkloadInput<Job>,
  memory: JobMemory,
  status: JobStatus,
  health: Health,
): StatusReport {
  const { name } = keyParts(desired.key)
  const { spec } = object
  const { template } = spec
  const labels = { ...template.metadata?.labels, ...jobLabels(object, name, memory.uid) }
  const selector = jobSelector(object, memory.uid)
  const owners = record?.object.metadata.ownerReferences
  const shown: Job = {
    ...object,
    metadata: {
      ...object.metadata,
      uid: memory.uid,
      creationTimestamp: memory.created,
      generation: memory.generation,
      ...(owners !== undefined && { ownerReferences: owners }),
    },
    spec: {
      ...spec,
      ...(selector !== undefined && { selector }),
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status,
  }
  return { key: desired.key, health, status, object: shown }
}
