import type {
  KubernetesObject,
  PodTemplateSpec,
  ReplicaSet,
  ReplicaSetStatus,
} from '../../api/generated/types.ts'
import { keyParts } from '../../api/names.ts'
import type { Health } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { type Labels, matchesLabels } from '../../api/selectors.ts'
import { type ControllerContext, type Decision, nothing, type WorkloadInput } from '../decision.ts'
import { inForce } from '../changes/inForce.ts'
import { memoryOf, memoryWrite, memoryRecord, type ObjectMemory } from '../memory.ts'
import { invalidHealth, replacement } from '../changes/replace.ts'
import { podChanges, type PodSet, type SetState, setState } from './replicaset.ts'
import { certainFailure, endingText, nextAvailableMs, ownerUidOf } from '../workloads.ts'

/**
 * A ReplicaSet that stands in the commit. As in Kubernetes a changed template is for pods to come: those that there are stay. A number of
 * pods is kept, and nothing is rolled.
 */
export function replicaSetDecision(input: WorkloadInput<ReplicaSet>, context: ControllerContext): Decision {
  const { desired, pods, record } = input
  if (isOfDeployment(record)) return taken(input, record)
  const { object, refused, written } = inForce(input, isReplicaSet)
  const records = record === undefined ? [] : [record]
  const replaced =
    refused.length === 0 ? undefined : replacement({ desired, changes: refused, pods, records }, context)
  if (replaced !== undefined) return replaced
  const { template } = written.spec
  if (template === undefined) return nothing(desired.key)
  const memory = memoryOf(desired.key, written, record, ownerUidOf(pods), context)
  const { minReadySeconds = 0, replicas = 1 } = object.spec
  const set = podSet(input, memory, template)
  const state = setState({ set, pods }, true, minReadySeconds, context.nowMs)
  const changes = podChanges([{ state, replicas }], { floor: 0, ceiling: replicas }, context)
  const own = memoryRecord(desired.key, remembered(memory, written), record, context)
  const health = refused.length > 0 ? invalidHealth(desired, refused) : replicaSetHealth(state, replicas)
  return {
    ...nothing(desired.key),
    ...changes,
    records: memoryWrite(desired.key, record, own),
    reports: [{ key: desired.key, health, status: statusOf(state, memory) }],
    requeueAtMs: nextAvailableMs(pods, minReadySeconds, context),
  }
}

function isReplicaSet(object: KubernetesObject): object is ReplicaSet {
  return object.kind === 'ReplicaSet'
}

function podSet(
  { desired }: WorkloadInput<ReplicaSet>,
  { uid }: ObjectMemory,
  template: PodTemplateSpec,
): PodSet {
  return { key: desired.key, name: keyParts(desired.key).name, uid, hash: '', template }
}

function remembered(memory: ObjectMemory, { spec }: ReplicaSet) {
  return { memory, apiVersion: 'apps/v1', kind: 'ReplicaSet', spec } as const
}

function isOfDeployment(record: ObjectRecord | undefined): record is ObjectRecord {
  return record?.object.metadata.ownerReferences?.some(({ kind }) => kind === 'Deployment') === true
}

/** The name is that of a set which a Deployment made. */
function taken({ desired, pods }: WorkloadInput<ReplicaSet>, { object }: ObjectRecord): Decision {
  const owner = object.metadata.ownerReferences?.[0]?.name ?? ''
  const message =
    `a ReplicaSet of this name is there already: Deployment ${owner} made it; ` + 'give this one another name'
  const health: Health = { kind: 'failed', reason: 'AlreadyExists', message }
  const status: ReplicaSetStatus = { replicas: 0 }
  const notes = pods.map((pod) => ({ pod, bucket: 'wait', reason: message }) as const)
  return { ...nothing(desired.key), notes, reports: [{ key: desired.key, health, status }] }
}

function statusOf(
  { active, available, pods, ready, set }: SetState<PodSet>,
  memory: ObjectMemory,
): ReplicaSetStatus {
  const labels: Labels = set.template.metadata?.labels ?? {}
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ record }) =>
      matchesLabels(labels, record.pod.metadata.labels ?? {}),
    ).length,
    readyReplicas: ready,
    availableReplicas: available,
    terminatingReplicas: pods.filter(({ deleting }) => deleting).length,
    observedGeneration: memory.generation,
    conditions: [],
  }
}

function replicaSetHealth({ active, available, pods }: SetState<PodSet>, replicas: number): Health {
  const failure = available < replicas ? certainFailure(active) : undefined
  if (failure !== undefined) return failure
  if (active.length > replicas)
    return {
      kind: 'progressing',
      message: `${active.length - replicas} replicas too many are pending termination`,
    }
  if (available < replicas)
    return { kind: 'progressing', message: `${available} of ${replicas} replicas are available` }
  const ending = endingText(pods)
  return ending === undefined ? { kind: 'healthy' } : { kind: 'progressing', message: ending }
}
