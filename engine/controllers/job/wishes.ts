import type { Container, Job, PodSpec } from '../../api/generated/types.ts'
import { keyParts, nameHash, type ObjectKey } from '../../api/names.ts'
import type { ControllerContext, PodWish } from '../decision.ts'
import { ownedPodWish } from '../ownedPod.ts'
import type { JobMemory } from './memory.ts'

export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index'
/** Stands in a pod's record for as long as the pod has not been counted. */
export const TRACKING = 'batch.kubernetes.io/job-tracking'
const FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count'
const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX'
/** Kubernetes leaves room for the five letters that make a name unique. */
const NAME_PREFIX_MAX = 58

export interface WishedPod {
  /** Of an Indexed Job. */
  readonly index: number | undefined
  readonly reason: string
}

/** What Kubernetes adds to the labels of a Job's template, unless the selector was made by hand. */
export function jobLabels({ spec }: Job, name: string, uid: string): Readonly<Record<string, string>> {
  if (spec.manualSelector === true) return {}
  return {
    'batch.kubernetes.io/job-name': name,
    [CONTROLLER_UID]: uid,
    'job-name': name,
    'controller-uid': uid,
  }
}

export function jobSelector({ spec }: Job, uid: string): Job['spec']['selector'] {
  return spec.manualSelector === true ? spec.selector : { matchLabels: { [CONTROLLER_UID]: uid } }
}

/** Names follow from the Job, the index and a number: the first ones that no pod of the Job has. */
export function jobWish(
  key: ObjectKey,
  job: Job,
  memory: JobMemory,
  { index, reason }: WishedPod,
  taken: Set<string>,
  context: ControllerContext,
): PodWish {
  const { name: jobName } = keyParts(key)
  const name = freeName(jobName, memory.uid, index, taken)
  taken.add(name)
  const { metadata, spec } = job.spec.template
  const annotations = { ...metadata?.annotations, ...indexAnnotations(job, memory, index) }
  const pod = {
    name,
    metadata: Object.keys(annotations).length > 0 ? { annotations } : undefined,
    labels: {
      ...metadata?.labels,
      ...jobLabels(job, jobName, memory.uid),
      ...(index !== undefined && { [COMPLETION_INDEX]: String(index) }),
    },
    finalizers: [TRACKING],
    spec: index === undefined ? spec : indexedSpec(spec, `${jobName}-${index}`),
    reason,
  }
  return ownedPodWish({ key, uid: memory.uid }, pod, context)
}

function freeName(job: string, uid: string, index: number | undefined, taken: ReadonlySet<string>): string {
  const middle = index === undefined ? '-' : `-${index}-`
  const prefix = `${job.slice(0, NAME_PREFIX_MAX - middle.length)}${middle}`
  for (let number = 0; ; number++) {
    const name = `${prefix}${nameHash(5, uid, String(index), String(number))}`
    if (!taken.has(name)) return name
  }
}

function indexAnnotations(
  { spec }: Job,
  { indexFailures }: JobMemory,
  index: number | undefined,
): Readonly<Record<string, string>> {
  if (index === undefined) return {}
  return {
    [COMPLETION_INDEX]: String(index),
    ...(spec.backoffLimitPerIndex !== undefined && {
      [FAILURE_COUNT]: String(indexFailures.get(index) ?? 0),
    }),
  }
}

function indexedSpec(spec: PodSpec, hostname: string): PodSpec {
  const { initContainers } = spec
  return {
    ...spec,
    hostname,
    containers: spec.containers.map(withIndex),
    ...(initContainers !== undefined && { initContainers: initContainers.map(withIndex) }),
  }
}

function withIndex(container: Container): Container {
  const { env = [] } = container
  if (env.some(({ name }) => name === INDEX_VARIABLE)) return container
  const fieldRef = { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` }
  return { ...container, env: [...env, { name: INDEX_VARIABLE, valueFrom: { fieldRef } }] }
}
