import type { Job, JobSpec } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkFailurePolicy, checkSuccessPolicy } from './jobPolicies.ts'
import { labelValue } from './names.ts'
import { checkPodTemplate } from './template.ts'
import { checkWorkloadSelector } from './selectors.ts'

/** Bounds of Indexed Jobs, as Kubernetes has them: what one status object can hold. */
const PARALLELISM_MAX = 100_000
const COMPLETIONS_OF_SMALL_JOBS = 100_000
const FAILED_INDEXES_OF_LARGE_JOBS = 10_000
const POD_NAME_MAX = 63

/** The field's only value that makes this engine run a Job. */
const JOB_CONTROLLER = 'kubernetes.io/job-controller'

export function checkJob(context: CheckContext, job: Job): void {
  if (!context.intact(['spec'])) return
  const { name } = job.metadata
  const rule = name === undefined ? undefined : labelValue(name)
  if (rule !== undefined)
    context.error(['metadata', 'name'], `${JSON.stringify(name)} ${rule}: its pods are labelled with it`)
  checkSelectorOf(context, job.spec)
  checkJobSpec(context, ['spec'], job.spec, name)
}

function checkSelectorOf(context: CheckContext, spec: JobSpec): void {
  const { manualSelector, selector, template } = spec
  if (manualSelector === true) {
    if (selector === undefined)
      context.error(['spec', 'selector'], 'must be given when manualSelector is true')
    else checkWorkloadSelector(context, selector, template)
  } else if (selector !== undefined) {
    context.error(['spec', 'selector'], 'may not be set without manualSelector: true', 'leave it out')
  }
}

/** `name`: of the Job, where it is known. */
export function checkJobSpec(context: CheckContext, path: Path, spec: JobSpec, name?: string): void {
  const { completions, completionMode, managedBy } = spec
  if (completionMode === 'Indexed') checkIndexed(context, path, spec, name)
  else checkNotIndexed(context, path, spec)
  if (managedBy !== undefined && managedBy !== JOB_CONTROLLER) {
    const message = `not supported: nothing here runs Jobs but ${JOB_CONTROLLER}`
    context.error([...path, 'managedBy'], message, 'leave it out')
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    context.error([...path, 'backoffLimitPerIndex'], 'must be given when maxFailedIndexes is')
  }
  checkRestartPolicy(context, path, spec)
  checkPodTemplate(context, [...path, 'template'], spec.template, ['OnFailure', 'Never'])
  checkEnds(context, path, spec)
  const failure = [...path, 'podFailurePolicy']
  if (spec.podFailurePolicy !== undefined && context.sound(failure) && context.sound([...path, 'template']))
    checkFailurePolicy(context, failure, spec)
  const success = [...path, 'successPolicy']
  if (spec.successPolicy !== undefined && context.sound(success))
    checkSuccessPolicy(
      context,
      success,
      spec.successPolicy,
      completionMode === 'Indexed' ? completions : undefined,
    )
}

function checkNotIndexed(context: CheckContext, path: Path, spec: JobSpec): void {
  for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'] as const) {
    if (spec[field] === undefined) continue
    context.error([...path, field], 'requires indexed completion mode', 'set completionMode: Indexed')
  }
}

function checkIndexed(context: CheckContext, path: Path, spec: JobSpec, name: string | undefined): void {
  const { completions, maxFailedIndexes, parallelism = 1 } = spec
  if (completions === undefined) {
    return context.error([...path, 'completions'], 'must be set when completionMode is Indexed')
  }
  if (parallelism > PARALLELISM_MAX) {
    const message = `must be no more than ${PARALLELISM_MAX} when completionMode is Indexed`
    context.error([...path, 'parallelism'], message)
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    context.error([...path, 'maxFailedIndexes'], `must be no more than completions, ${completions}`)
  }
  if (spec.backoffLimitPerIndex !== undefined && completions > COMPLETIONS_OF_SMALL_JOBS) {
    checkLarge(context, path, spec)
  }
  const longest = `${name ?? ''}-${Math.max(0, completions - 1)}`
  if (longest.length > POD_NAME_MAX) {
    const message = `is too long: the pod of its last index has the host name ${longest}, of more than ${POD_NAME_MAX} characters`
    context.error(['metadata', 'name'], message)
  }
}

function checkLarge(context: CheckContext, path: Path, spec: JobSpec): void {
  const of = `when completions are over ${COMPLETIONS_OF_SMALL_JOBS}`
  for (const field of ['maxFailedIndexes', 'parallelism'] as const) {
    const value = spec[field] ?? (field === 'parallelism' ? 1 : undefined)
    if (value === undefined) context.error([...path, field], `must be given ${of}`)
    else if (value > FAILED_INDEXES_OF_LARGE_JOBS)
      context.error([...path, field], `must be no more than ${FAILED_INDEXES_OF_LARGE_JOBS} ${of}`)
  }
}

/** What counts the failures of pods needs pods that fail: OnFailure starts their containers again instead. */
function checkRestartPolicy(context: CheckContext, path: Path, spec: JobSpec): void {
  if (!context.sound([...path, 'template', 'spec'])) return
  if (spec.template.spec.restartPolicy !== 'OnFailure') return
  for (const field of ['backoffLimitPerIndex', 'podFailurePolicy'] as const) {
    if (spec[field] === undefined) continue
    const message = `only Never is supported when ${field} is given`
    return context.error([...path, 'template', 'spec', 'restartPolicy'], message)
  }
}

/** A Job whose pods are never placed, or never end, is none. */
function checkEnds(context: CheckContext, path: Path, spec: JobSpec): void {
  const pod = [...path, 'template', 'spec']
  if (!context.sound(pod)) return
  const { containers, schedulingGates = [] } = spec.template.spec
  if (schedulingGates.length > 0 && spec.suspend !== true) {
    const message = 'the Job can never finish: its pods wait for a gate that nothing here opens'
    context.error([...pod, 'schedulingGates'], message, 'suspend the Job until it may run')
  }
  for (const [index, container] of containers.entries()) {
    if (container.restartPolicy !== 'Always') continue
    const message = 'the Job can never finish: this container is started again whenever it ends'
    context.error([...pod, 'containers', index, 'restartPolicy'], message, 'a sidecar is an init container')
  }
}
