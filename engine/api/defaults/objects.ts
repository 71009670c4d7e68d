import type { Cluster, KubernetesObject, Namespace, Node, Secret } from '../generated/types.ts'
import { SERVICE_CIDR } from '../serviceRanges.ts'
import { autoscalerWithDefaults } from './autoscaler.ts'
import { claimSpecWithDefaults, volumeSpecWithDefaults } from './claims.ts'
import { limitRangeWithDefaults } from './limitRange.ts'
import { podSpecWithDefaults } from './pod.ts'
import { endpointSliceWithDefaults, serviceWithDefaults } from './service.ts'
import {
  cronJobWithDefaults,
  daemonSetWithDefaults,
  deploymentWithDefaults,
  jobWithDefaults,
  replicaSetWithDefaults,
  statefulSetWithDefaults,
} from './workloads.ts'

/**
 * The object as the official API server would keep it: the defaults.go beside each API version in Kubernetes. What an API server allots
 * (uid, addresses, a service account) is no default. The argument stays as it is.
 */
export function withDefaults(object: KubernetesObject): KubernetesObject {
  switch (object.kind) {
    case 'Pod':
      return { ...object, spec: podSpecWithDefaults(object.spec) }
    case 'Deployment':
      return deploymentWithDefaults(object)
    case 'ReplicaSet':
      return replicaSetWithDefaults(object)
    case 'StatefulSet':
      return statefulSetWithDefaults(object)
    case 'DaemonSet':
      return daemonSetWithDefaults(object)
    case 'Job':
      return jobWithDefaults(object)
    case 'CronJob':
      return cronJobWithDefaults(object)
    case 'Service':
      return serviceWithDefaults(object)
    case 'EndpointSlice':
      return endpointSliceWithDefaults(object)
    case 'Secret':
      return secretWithDefaults(object)
    case 'Namespace':
      return namespaceWithDefaults(object)
    case 'PersistentVolumeClaim':
      return { ...object, spec: claimSpecWithDefaults(object.spec) }
    case 'PersistentVolume':
      return { ...object, spec: volumeSpecWithDefaults(object.spec) }
    case 'HorizontalPodAutoscaler':
      return autoscalerWithDefaults(object)
    case 'LimitRange':
      return limitRangeWithDefaults(object)
    case 'PriorityClass':
      return { ...object, preemptionPolicy: object.preemptionPolicy ?? 'PreemptLowerPriority' }
    case 'StorageClass': {
      const { reclaimPolicy = 'Delete', volumeBindingMode = 'Immediate' } = object
      return { ...object, reclaimPolicy, volumeBindingMode }
    }
    case 'Cluster':
      return clusterWithDefaults(object)
    case 'Node':
      return nodeWithDefaults(object)
    case 'ConfigMap':
    case 'Ingress':
    case 'IngressClass':
    case 'ServiceAccount':
    case 'ClusterTrustBundle':
    case 'PodDisruptionBudget':
    case 'ResourceQuota':
    case 'RuntimeClass':
      return object
    default:
      return object satisfies never
  }
}

/** `stringData` is only a way to write `data`, and wins over it. */
function secretWithDefaults(secret: Secret): Secret {
  const { stringData, ...rest } = secret
  const data: Record<string, string> = {}
  for (const [key, value] of Object.entries(secret.data ?? {})) data[key] = value.replaceAll(/[\r\n]/g, '')
  for (const [key, value] of Object.entries(stringData ?? {})) data[key] = base64(value)
  return { ...rest, data, type: secret.type || 'Opaque' }
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64()
}

/** The label by which namespaces are selected. */
function namespaceWithDefaults(namespace: Namespace): Namespace {
  const labels = {
    ...namespace.metadata.labels,
    'kubernetes.io/metadata.name': namespace.metadata.name ?? '',
  }
  return { ...namespace, metadata: { ...namespace.metadata, labels } }
}

export function clusterWithDefaults(cluster: Cluster): Cluster {
  const { podCIDR = '10.244.0.0/16', serviceCIDR = SERVICE_CIDR } = cluster.spec ?? {}
  return { ...cluster, spec: { ...cluster.spec, podCIDR, serviceCIDR } }
}

function nodeWithDefaults(node: Node): Node {
  return { ...node, spec: { ...node.spec, runtime: node.spec?.runtime ?? 'oci' } }
}
