import type { Container, Job, ObjectMeta, PodSpec } from '../../api/generated/types.ts'
import { keyParts, nameHash, type ObjectKey, objectKey, podUid, uidHash } from '../../api/names.ts'
import { type ControllerContext, type PodWish, timestamp } from '../decision.ts'
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
  const { namespace, name: jobName } = keyParts(key)
  const name = freeName(jobName, memory.uid, index, taken)
  taken.add(name)
  const created = timestamp(context.now)
  const uid = podUid(uidHash(memory.uid, name, created))
  const { annotations, labels } = job.spec.template.metadata ?? {}
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid: memory.uid }
  const ownAnnotations = { ...annotations, ...indexAnnotations(job, memory, index) }
  const metadata: ObjectMeta = {
    name,
    namespace,
    uid,
    creationTimestamp: created,
    labels: {
      ...labels,
      ...jobLabels(job, jobName, memory.uid),
      ...(index !== undefined && { [COMPLETION_INDEX]: String(index) }),
    },
    ...(Object.keys(ownAnnotations).length > 0 && { annotations: ownAnnotations }),
    finalizers: [TRACKING],
    ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
  }
  const { spec } = job.spec.template
  return {
    uid,
    key: objectKey('Pod', namespace, name),
    label: `${namespace}/${name}`,
    metadata,
    spec: index === undefined ? spec : indexedSpec(spec, `${jobName}-${index}`),
    reason,
  }
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
