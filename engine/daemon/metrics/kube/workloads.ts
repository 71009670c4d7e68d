import type {
  DaemonSet,
  Deployment,
  IntOrString,
  ReplicaSet,
  StatefulSet,
} from '../../../api/generated/types.ts'
import { Describing, type Family, type Row, statusRows, unixSeconds } from '../table.ts'
import { ownerRows } from './pods.ts'

const deployment = new Describing<Deployment>(['namespace', 'deployment'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  deployment: metadata.name,
}))

export const DEPLOYMENT_FAMILIES: readonly Family<Deployment>[] = [
  deployment.gauge('kube_deployment_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  deployment.labelled('kube_deployment_labels', ({ metadata }) => metadata.labels),
  deployment.gauge(
    'kube_deployment_metadata_generation',
    'Sequence number representing a specific generation of the desired state.',
    ({ metadata }) => metadata.generation,
  ),
  deployment.gauge(
    'kube_deployment_spec_replicas',
    'Number of desired pods for a deployment.',
    ({ spec }) => spec.replicas ?? 1,
  ),
  deployment.gauge(
    'kube_deployment_spec_paused',
    'Whether the deployment is paused and will not be processed by the deployment controller.',
    ({ spec }) => spec.paused === true,
  ),
  deployment.gauge(
    'kube_deployment_spec_strategy_rollingupdate_max_unavailable',
    'Maximum number of unavailable replicas during a rolling update of a deployment.',
    ({ spec }) => rolling(spec, Math.floor, ({ maxUnavailable }) => maxUnavailable),
  ),
  deployment.gauge(
    'kube_deployment_spec_strategy_rollingupdate_max_surge',
    'Maximum number of replicas that can be scheduled above the desired number of replicas during a rolling update of a deployment.',
    ({ spec }) => rolling(spec, Math.ceil, ({ maxSurge }) => maxSurge),
  ),
  deployment.gauge(
    'kube_deployment_status_replicas',
    'The number of replicas per deployment.',
    ({ status }) => status?.replicas ?? 0,
  ),
  deployment.gauge(
    'kube_deployment_status_replicas_ready',
    'The number of ready replicas per deployment.',
    ({ status }) => status?.readyReplicas ?? 0,
  ),
  deployment.gauge(
    'kube_deployment_status_replicas_available',
    'The number of available replicas per deployment.',
    ({ status }) => status?.availableReplicas ?? 0,
  ),
  deployment.gauge(
    'kube_deployment_status_replicas_unavailable',
    'The number of unavailable replicas per deployment.',
    ({ status }) => status?.unavailableReplicas ?? 0,
  ),
  deployment.gauge(
    'kube_deployment_status_replicas_updated',
    'The number of updated replicas per deployment.',
    ({ status }) => status?.updatedReplicas ?? 0,
  ),
  deployment.gauge(
    'kube_deployment_status_observed_generation',
    'The generation observed by the deployment controller.',
    ({ status }) => status?.observedGeneration,
  ),
  deployment.gauges(
    'kube_deployment_status_condition',
    'The current status conditions of a deployment.',
    ['reason', 'condition', 'status'],
    ({ status }) =>
      (status?.conditions ?? []).flatMap(({ reason = '', status: value, type }) =>
        statusRows(value, reason, type),
      ),
  ),
]

type Rolling = NonNullable<NonNullable<Deployment['spec']['strategy']>['rollingUpdate']>

/** In pods, of a percentage that part of the replicas; nothing where pods are not replaced one after another. */
function rolling(
  { replicas = 1, strategy }: Deployment['spec'],
  round: (pods: number) => number,
  of: (update: Rolling) => IntOrString | undefined,
): number | undefined {
  if (strategy?.rollingUpdate === undefined) return undefined
  const value = of(strategy.rollingUpdate)
  if (typeof value !== 'string') return value
  // In whole hundredths, for 0.07 times 100 is more than 7 in floating point.
  return value.endsWith('%') ? round((Number(value.slice(0, -1)) * replicas) / 100) : Number(value)
}

const statefulset = new Describing<StatefulSet>(['namespace', 'statefulset'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  statefulset: metadata.name,
}))

function revision(name: string | undefined): readonly Row[] {
  return name === undefined || name === '' ? [] : [[[name], 1]]
}

export const STATEFULSET_FAMILIES: readonly Family<StatefulSet>[] = [
  statefulset.gauge('kube_statefulset_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  statefulset.labelled('kube_statefulset_labels', ({ metadata }) => metadata.labels),
  statefulset.gauge(
    'kube_statefulset_metadata_generation',
    'Sequence number representing a specific generation of the desired state for the StatefulSet.',
    ({ metadata }) => metadata.generation,
  ),
  statefulset.gauge(
    'kube_statefulset_replicas',
    'Number of desired pods for a StatefulSet.',
    ({ spec }) => spec.replicas ?? 1,
  ),
  statefulset.gauge(
    'kube_statefulset_ordinals_start',
    'Start ordinal of the StatefulSet.',
    ({ spec }) => spec.ordinals?.start,
  ),
  statefulset.gauges(
    'kube_statefulset_persistentvolumeclaim_retention_policy',
    'Count of retention policy for StatefulSet template PVCs',
    ['when_deleted', 'when_scaled'],
    ({ spec }) => {
      const policy = spec.persistentVolumeClaimRetentionPolicy
      return policy === undefined
        ? []
        : [[[policy.whenDeleted ?? 'Retain', policy.whenScaled ?? 'Retain'], 1]]
    },
  ),
  statefulset.gauge(
    'kube_statefulset_status_replicas',
    'The number of replicas per StatefulSet.',
    ({ status }) => status?.replicas ?? 0,
  ),
  statefulset.gauge(
    'kube_statefulset_status_replicas_current',
    'The number of current replicas per StatefulSet.',
    ({ status }) => status?.currentReplicas ?? 0,
  ),
  statefulset.gauge(
    'kube_statefulset_status_replicas_ready',
    'The number of ready replicas per StatefulSet.',
    ({ status }) => status?.readyReplicas ?? 0,
  ),
  statefulset.gauge(
    'kube_statefulset_status_replicas_available',
    'The number of available replicas per StatefulSet.',
    ({ status }) => status?.availableReplicas ?? 0,
  ),
  statefulset.gauge(
    'kube_statefulset_status_replicas_updated',
    'The number of updated replicas per StatefulSet.',
    ({ status }) => status?.updatedReplicas ?? 0,
  ),
  statefulset.gauge(
    'kube_statefulset_status_observed_generation',
    'The generation observed by the StatefulSet controller.',
    ({ status }) => status?.observedGeneration,
  ),
  statefulset.gauges(
    'kube_statefulset_status_current_revision',
    'Indicates the version of the StatefulSet used to generate Pods in the sequence [0,currentReplicas).',
    ['revision'],
    ({ status }) => revision(status?.currentRevision),
  ),
  statefulset.gauges(
    'kube_statefulset_status_update_revision',
    'Indicates the version of the StatefulSet used to generate Pods in the sequence [replicas-updatedReplicas,replicas)',
    ['revision'],
    ({ status }) => revision(status?.updateRevision),
  ),
]

const daemonset = new Describing<DaemonSet>(['namespace', 'daemonset'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  daemonset: metadata.name,
}))

export const DAEMONSET_FAMILIES: readonly Family<DaemonSet>[] = [
  daemonset.gauge('kube_daemonset_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  daemonset.labelled('kube_daemonset_labels', ({ metadata }) => metadata.labels),
  daemonset.gauge(
    'kube_daemonset_metadata_generation',
    'Sequence number representing a specific generation of the desired state.',
    ({ metadata }) => metadata.generation,
  ),
  daemonset.gauge(
    'kube_daemonset_status_current_number_scheduled',
    'The number of nodes running at least one daemon pod and are supposed to.',
    ({ status }) => status?.currentNumberScheduled,
  ),
  daemonset.gauge(
    'kube_daemonset_status_desired_number_scheduled',
    'The number of nodes that should be running the daemon pod.',
    ({ status }) => status?.desiredNumberScheduled,
  ),
  daemonset.gauge(
    'kube_daemonset_status_number_available',
    'The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available',
    ({ status }) => status && (status.numberAvailable ?? 0),
  ),
  daemonset.gauge(
    'kube_daemonset_status_number_misscheduled',
    'The number of nodes running a daemon pod but are not supposed to.',
    ({ status }) => status?.numberMisscheduled,
  ),
  daemonset.gauge(
    'kube_daemonset_status_number_ready',
    'The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and ready.',
    ({ status }) => status?.numberReady,
  ),
  daemonset.gauge(
    'kube_daemonset_status_number_unavailable',
    'The number of nodes that should be running the daemon pod and have none of the daemon pod running and available',
    ({ status }) => status && (status.numberUnavailable ?? 0),
  ),
  daemonset.gauge(
    'kube_daemonset_status_observed_generation',
    'The most recent generation observed by the daemon set controller.',
    ({ status }) => status?.observedGeneration,
  ),
  daemonset.gauge(
    'kube_daemonset_status_updated_number_scheduled',
    'The total number of nodes that are running updated daemon pod',
    ({ status }) => status && (status.updatedNumberScheduled ?? 0),
  ),
]

const replicaset = new Describing<ReplicaSet>(['namespace', 'replicaset'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  replicaset: metadata.name,
}))

export const REPLICASET_FAMILIES: readonly Family<ReplicaSet>[] = [
  replicaset.gauge('kube_replicaset_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  replicaset.labelled('kube_replicaset_labels', ({ metadata }) => metadata.labels),
  replicaset.gauges(
    'kube_replicaset_owner',
    "Information about the ReplicaSet's owner.",
    ['owner_kind', 'owner_name', 'owner_is_controller'],
    ({ metadata }) => ownerRows(metadata),
  ),
  replicaset.gauge(
    'kube_replicaset_metadata_generation',
    'Sequence number representing a specific generation of the desired state.',
    ({ metadata }) => metadata.generation,
  ),
  replicaset.gauge(
    'kube_replicaset_spec_replicas',
    'Number of desired pods for a ReplicaSet.',
    ({ spec }) => spec.replicas ?? 1,
  ),
  replicaset.gauge(
    'kube_replicaset_status_replicas',
    'The number of replicas per ReplicaSet.',
    ({ status }) => status?.replicas ?? 0,
  ),
  replicaset.gauge(
    'kube_replicaset_status_fully_labeled_replicas',
    'The number of fully labeled replicas per ReplicaSet.',
    ({ status }) => status?.fullyLabeledReplicas ?? 0,
  ),
  replicaset.gauge(
    'kube_replicaset_status_ready_replicas',
    'The number of ready replicas per ReplicaSet.',
    ({ status }) => status?.readyReplicas ?? 0,
  ),
  replicaset.gauge(
    'kube_replicaset_status_observed_generation',
    'The generation observed by the ReplicaSet controller.',
    ({ status }) => status?.observedGeneration,
  ),
]
