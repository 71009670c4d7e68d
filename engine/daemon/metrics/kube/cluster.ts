import type { Namespace, PersistentVolume, PersistentVolumeClaim } from '../../../api/generated/types.ts'
import type { Allocatable } from '../../../api/allocatable.ts'
import { parseQuantity } from '../../../api/quantity.ts'
import { Describing, type Family, oneOf, type Row, statusRows, unixSeconds } from '../table.ts'
import type { NodeSubject } from '../world.ts'
import { resourceName, unitOf } from './podContainers.ts'

const namespace = new Describing<Namespace>(['namespace'], ({ metadata }) => ({ namespace: metadata.name }))

export const NAMESPACE_FAMILIES: readonly Family<Namespace>[] = [
  namespace.gauge('kube_namespace_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  namespace.labelled('kube_namespace_labels', ({ metadata }) => metadata.labels),
  namespace.gauges(
    'kube_namespace_status_phase',
    'kubernetes namespace status phase.',
    ['phase'],
    ({ status }) => oneOf(['Active', 'Terminating'], status?.phase ?? 'Active'),
  ),
]

const claim = new Describing<PersistentVolumeClaim>(
  ['namespace', 'persistentvolumeclaim'],
  ({ metadata }) => ({
    namespace: metadata.namespace ?? 'default',
    persistentvolumeclaim: metadata.name,
  }),
)

export const CLAIM_FAMILIES: readonly Family<PersistentVolumeClaim>[] = [
  claim.gauge('kube_persistentvolumeclaim_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  claim.labelled('kube_persistentvolumeclaim_labels', ({ metadata }) => metadata.labels),
  claim.gauges(
    'kube_persistentvolumeclaim_info',
    'Information about persistent volume claim.',
    ['storageclass', 'volumename', 'volumemode'],
    ({ spec }) => [[[spec.storageClassName ?? '', spec.volumeName ?? '', spec.volumeMode ?? ''], 1]],
  ),
  claim.gauges(
    'kube_persistentvolumeclaim_access_mode',
    'The access mode(s) specified by the persistent volume claim.',
    ['access_mode'],
    ({ spec }) => (spec.accessModes ?? []).map((mode): Row => [[mode], 1]),
  ),
  claim.gauge(
    'kube_persistentvolumeclaim_resource_requests_storage_bytes',
    'The capacity of storage requested by the persistent volume claim.',
    ({ spec }) => bytes(spec.resources?.requests?.['storage']),
  ),
  claim.gauges(
    'kube_persistentvolumeclaim_status_phase',
    'The phase the persistent volume claim is currently in.',
    ['phase'],
    ({ status }) => (status?.phase === undefined ? [] : oneOf(['Lost', 'Bound', 'Pending'], status.phase)),
  ),
  claim.gauges(
    'kube_persistentvolumeclaim_status_condition',
    'Information about status of different conditions of persistent volume claim.',
    ['condition', 'status'],
    ({ status }) => (status?.conditions ?? []).flatMap(({ status: value, type }) => statusRows(value, type)),
  ),
]

const volume = new Describing<PersistentVolume>(['persistentvolume'], ({ metadata }) => ({
  persistentvolume: metadata.name,
}))

export const VOLUME_FAMILIES: readonly Family<PersistentVolume>[] = [
  volume.labelled('kube_persistentvolume_labels', ({ metadata }) => metadata.labels),
  volume.gauges(
    'kube_persistentvolume_info',
    'Information about persistentvolume.',
    ['storageclass', 'nfs_server', 'nfs_path', 'local_path', 'host_path', 'reclaim_policy'],
    ({ spec }) => {
      const { hostPath, local, nfs, persistentVolumeReclaimPolicy: policy = '', storageClassName = '' } = spec
      return [
        [
          [
            storageClassName,
            nfs?.server ?? '',
            nfs?.path ?? '',
            local?.path ?? '',
            hostPath?.path ?? '',
            policy,
          ],
          1,
        ],
      ]
    },
  ),
  volume.gauge('kube_persistentvolume_capacity_bytes', 'Persistentvolume capacity in bytes.', ({ spec }) =>
    bytes(spec.capacity?.['storage']),
  ),
  volume.gauges(
    'kube_persistentvolume_claim_ref',
    'Information about the Persistent Volume Claim Reference.',
    ['name', 'claim_namespace'],
    ({ spec }) =>
      spec.claimRef === undefined ? [] : [[[spec.claimRef.name ?? '', spec.claimRef.namespace ?? ''], 1]],
  ),
  volume.gauges(
    'kube_persistentvolume_status_phase',
    'The phase indicates if a volume is available, bound to a claim, or released by a claim.',
    ['phase'],
    ({ status }) =>
      status?.phase === undefined
        ? []
        : oneOf(['Pending', 'Available', 'Bound', 'Released', 'Failed'], status.phase),
  ),
]

function bytes(quantity: string | number | undefined): number | undefined {
  return quantity === undefined ? undefined : parseQuantity(quantity)
}

const node = new Describing<NodeSubject>(['node'], ({ facts }) => ({ node: facts.name }))

export const NODE_FAMILIES: readonly Family<NodeSubject>[] = [
  node.gauges(
    'kube_node_info',
    'Information about a cluster node.',
    [
      'kernel_version',
      'os_image',
      'container_runtime_version',
      'kubelet_version',
      'provider_id',
      'pod_cidr',
      'system_uuid',
      'internal_ip',
    ],
    ({ facts, podCIDR }) => [
      [['', '', facts.info?.runtime ?? '', '', '', podCIDR ?? '', '', facts.info?.addresses[0] ?? ''], 1],
    ],
  ),
  node.labelled('kube_node_labels', ({ facts }) => facts.labels),
  node.gauge(
    'kube_node_spec_unschedulable',
    'Whether a node can schedule new pods.',
    ({ facts }) => facts.unschedulable,
  ),
  node.gauges(
    'kube_node_spec_taint',
    'The taint of a cluster node.',
    ['key', 'value', 'effect'],
    ({ facts }) => facts.taints.map(({ effect, key, value = '' }): Row => [[key, value, effect], 1]),
  ),
  node.gauges('kube_node_status_addresses', 'Node address information.', ['type', 'address'], ({ facts }) =>
    (facts.info?.addresses ?? []).map((address): Row => [['InternalIP', address], 1]),
  ),
  node.gauges(
    'kube_node_status_condition',
    'The condition of a cluster node.',
    ['condition', 'status'],
    // One that never answered, or no longer does, may be well: nobody knows.
    ({ facts }) => statusRows(facts.reachable ? 'true' : 'unknown', 'Ready'),
  ),
  node.gauges(
    'kube_node_status_capacity',
    'The capacity for different resources of a node.',
    ['resource', 'unit'],
    ({ facts }) => resources(facts.info),
  ),
  node.gauges(
    'kube_node_status_allocatable',
    'The allocatable for different resources of a node that are available for scheduling.',
    ['resource', 'unit'],
    ({ facts }) => resources(facts.allocatable),
  ),
]

function resources(amounts: Allocatable | undefined): readonly Row[] {
  if (amounts === undefined) return []
  const { cpuMillis, ephemeralStorageBytes, extendedResources, memoryBytes, podsMax } = amounts
  const known = {
    cpu: cpuMillis / 1000,
    memory: memoryBytes,
    pods: podsMax,
    ...(ephemeralStorageBytes !== undefined && { 'ephemeral-storage': ephemeralStorageBytes }),
    ...extendedResources,
  }
  return Object.entries(known).map(([name, value]) => [[resourceName(name), unitOf(name)], value])
}
