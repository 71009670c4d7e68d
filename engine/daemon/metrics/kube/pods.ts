import type { Pod, PodCondition } from '../../../api/generated/types.ts'
import { Describing, type Family, oneOf, type Row, statusRows, unixSeconds } from '../table.ts'

const pod = new Describing<Pod>(['namespace', 'pod', 'uid'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  pod: metadata.name,
  uid: metadata.uid ?? '',
}))

const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running']
const REASONS = ['Evicted', 'NodeAffinity', 'NodeLost', 'Shutdown', 'UnexpectedAdmissionError']
const QOS_CLASSES = ['BestEffort', 'Burstable', 'Guaranteed']

function condition({ status }: Pod, type: string): PodCondition | undefined {
  return status?.conditions?.find((each) => each.type === type)
}

function conditionRows(subject: Pod, type: string): readonly Row[] {
  const found = condition(subject, type)
  return found === undefined ? [] : statusRows(found.status)
}

/** When it last became true; undefined while it is not. */
function sinceTrue(subject: Pod, type: string): number | undefined {
  const found = condition(subject, type)
  return found?.status === 'True' ? unixSeconds(found.lastTransitionTime) : undefined
}

const identity: readonly Family<Pod>[] = [
  pod.gauges(
    'kube_pod_info',
    'Information about pod.',
    ['host_ip', 'pod_ip', 'node', 'created_by_kind', 'created_by_name', 'priority_class', 'host_network'],
    ({ metadata, spec, status }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
      const values = [
        status?.hostIP ?? '',
        status?.podIP ?? '',
        spec.nodeName ?? '',
        owner?.kind ?? '',
        owner?.name ?? '',
        spec.priorityClassName ?? '',
        String(spec.hostNetwork === true),
      ]
      return [[values, 1]]
    },
  ),
  pod.gauges('kube_pod_ips', 'Pod IP addresses', ['ip', 'ip_family'], ({ status }) =>
    (status?.podIPs ?? []).map(({ ip = '' }) => [[ip, ip.includes(':') ? '6' : '4'], 1]),
  ),
  pod.gauges(
    'kube_pod_owner',
    "Information about the Pod's owner.",
    ['owner_kind', 'owner_name', 'owner_is_controller'],
    ({ metadata }) => ownerRows(metadata),
  ),
  pod.labelled('kube_pod_labels', ({ metadata }) => metadata.labels),
  pod.gauge('kube_pod_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  pod.gauge('kube_pod_deletion_timestamp', 'Unix deletion timestamp', ({ metadata }) =>
    unixSeconds(metadata.deletionTimestamp),
  ),
  pod.gauges(
    'kube_pod_restart_policy',
    'Describes the restart policy in use by this pod.',
    ['type'],
    ({ spec }) => [[[spec.restartPolicy ?? 'Always'], 1]],
  ),
  pod.gauges(
    'kube_pod_runtimeclass_name_info',
    'The runtimeclass associated with the pod.',
    ['runtimeclass_name'],
    ({ spec }) => (spec.runtimeClassName === undefined ? [] : [[[spec.runtimeClassName], 1]]),
  ),
  pod.gauges(
    'kube_pod_spec_volumes_persistentvolumeclaims_info',
    'Information about persistentvolumeclaim volumes in a pod.',
    ['volume', 'persistentvolumeclaim'],
    (subject) => claimRows(subject, () => 1),
  ),
  pod.gauges(
    'kube_pod_spec_volumes_persistentvolumeclaims_readonly',
    'Describes whether a persistentvolumeclaim is mounted read only.',
    ['volume', 'persistentvolumeclaim'],
    (subject) => claimRows(subject, (readOnly) => Number(readOnly)),
  ),
]

export function ownerRows({ ownerReferences = [] }: Pod['metadata']): readonly Row[] {
  if (ownerReferences.length === 0) return [[['', '', ''], 1]]
  return ownerReferences.map(({ controller, kind, name }) => [[kind, name, String(controller === true)], 1])
}

function claimRows({ spec }: Pod, value: (readOnly: boolean) => number): readonly Row[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim }): Row[] =>
    persistentVolumeClaim === undefined
      ? []
      : [[[name, persistentVolumeClaim.claimName], value(persistentVolumeClaim.readOnly === true)]],
  )
}

const status: readonly Family<Pod>[] = [
  pod.gauges('kube_pod_status_phase', 'The pods current phase.', ['phase'], (subject) =>
    subject.status?.phase === undefined ? [] : oneOf(PHASES, subject.status.phase),
  ),
  pod.gauges(
    'kube_pod_status_ready',
    'Describes whether the pod is ready to serve requests.',
    ['condition'],
    (subject) => conditionRows(subject, 'Ready'),
  ),
  pod.gauge('kube_pod_status_ready_time', 'Readiness achieved time in unix timestamp for a pod.', (subject) =>
    sinceTrue(subject, 'Ready'),
  ),
  pod.gauge('kube_pod_status_initialized_time', 'Initialized time in unix timestamp for a pod.', (subject) =>
    sinceTrue(subject, 'Initialized'),
  ),
  pod.gauge(
    'kube_pod_status_container_ready_time',
    'Readiness achieved time in unix timestamp for a pod containers.',
    (subject) => sinceTrue(subject, 'ContainersReady'),
  ),
  pod.gauges(
    'kube_pod_status_scheduled',
    'Describes the status of the scheduling process for the pod.',
    ['condition'],
    (subject) => conditionRows(subject, 'PodScheduled'),
  ),
  pod.gauge(
    'kube_pod_status_scheduled_time',
    'Unix timestamp when pod moved into scheduled status',
    (subject) => sinceTrue(subject, 'PodScheduled'),
  ),
  pod.gauge('kube_pod_status_unschedulable', 'Describes the unschedulable status for the pod.', (subject) => {
    const found = condition(subject, 'PodScheduled')
    return found?.status === 'False' && found.reason === 'Unschedulable' ? 1 : undefined
  }),
  pod.gauges('kube_pod_status_reason', 'The pod status reasons', ['reason'], (subject) =>
    oneOf(REASONS, subject.status?.reason),
  ),
  pod.gauges('kube_pod_status_qos_class', 'The pods current qosClass.', ['qos_class'], (subject) =>
    subject.status?.qosClass === undefined ? [] : oneOf(QOS_CLASSES, subject.status.qosClass),
  ),
  pod.gauge('kube_pod_start_time', 'Start time in unix timestamp for a pod.', (subject) =>
    unixSeconds(subject.status?.startTime),
  ),
  pod.gauge('kube_pod_completion_time', 'Completion time in unix timestamp for a pod.', (subject) => {
    const ends = (subject.status?.containerStatuses ?? []).flatMap(
      ({ state }) => unixSeconds(state?.terminated?.finishedAt) ?? [],
    )
    return ends.length === 0 ? undefined : Math.max(...ends)
  }),
]

export const POD_FAMILIES: readonly Family<Pod>[] = [...identity, ...status]
