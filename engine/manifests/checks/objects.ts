import type { KubernetesObject } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import { checkBareAnnotations, checkObjectAnnotations } from './annotations.ts'
import { checkAutoscaler } from './autoscaler.ts'
import { checkBudget } from './budget.ts'
import { checkClaim, checkCopyNamespaces } from './claims.ts'
import { checkCronJob } from './cronJob.ts'
import { checkIngress, checkIngressClass } from './ingress.ts'
import { checkJob } from './jobs.ts'
import { checkLimitRange } from './limitRange.ts'
import { checkRuntimeClass } from './runtimeClass.ts'
import { checkResourceQuota } from './resourceQuota.ts'
import { checkPriorityClass } from './priority.ts'
import { checkCluster, checkNode } from './cluster.ts'
import { checkConfigMap, checkSecret } from './data.ts'
import { checkDeployment } from './deployment.ts'
import { checkEndpointSlice } from './endpointSlice.ts'
import { checkMetadata } from './metadata.ts'
import { checkPersistentVolume, checkStorageClass } from './persistentVolume.ts'
import { checkPodSpec } from './pod.ts'
import { checkRails } from './rails.ts'
import { checkService } from './service.ts'
import { checkTrustBundle } from './trustBundle.ts'
import { checkDaemonSet, checkReplicaSet, checkStatefulSet } from './sets.ts'

/** What the official API server refuses and no schema can see, in one object. */
export function checkObject(context: CheckContext, object: KubernetesObject): void {
  if (!context.intact([])) return
  checkMetadata(context, object.kind, object.metadata)
  const annotations = object.kind === 'Pod' ? checkBareAnnotations : checkObjectAnnotations
  annotations(context, ['metadata', 'annotations'], object.metadata?.annotations)
  checkRails(context, object)
  checkKind(context, object)
  if (context.sound(['spec'])) checkCopyNamespaces(context, object)
}

function checkKind(context: CheckContext, object: KubernetesObject): void {
  switch (object.kind) {
    case 'Pod':
      return checkPodSpec(context, ['spec'], object.spec)
    case 'Deployment':
      return checkDeployment(context, object)
    case 'ReplicaSet':
      return checkReplicaSet(context, object)
    case 'StatefulSet':
      return checkStatefulSet(context, object)
    case 'DaemonSet':
      return checkDaemonSet(context, object)
    case 'Job':
      return checkJob(context, object)
    case 'CronJob':
      return checkCronJob(context, object)
    case 'Service':
      return checkService(context, object)
    case 'EndpointSlice':
      return checkEndpointSlice(context, object)
    case 'ConfigMap':
      return checkConfigMap(context, object)
    case 'Secret':
      return checkSecret(context, object)
    case 'PersistentVolume':
      return checkPersistentVolume(context, object)
    case 'StorageClass':
      return checkStorageClass(context, object)
    case 'PersistentVolumeClaim':
      return checkClaim(context, object)
    case 'PodDisruptionBudget':
      return checkBudget(context, object)
    case 'HorizontalPodAutoscaler':
      return checkAutoscaler(context, object)
    case 'ClusterTrustBundle':
      return checkTrustBundle(context, object)
    case 'Cluster':
      return checkCluster(context, object)
    case 'Node':
      return checkNode(context, object)
    case 'LimitRange':
      return checkLimitRange(context, object)
    case 'RuntimeClass':
      return checkRuntimeClass(context, object)
    case 'ResourceQuota':
      return checkResourceQuota(context, object)
    case 'PriorityClass':
      return checkPriorityClass(context, object)
    case 'Ingress':
      return checkIngress(context, object)
    case 'IngressClass':
      return checkIngressClass(context, object)
    case 'Namespace':
    case 'ServiceAccount':
      return
    default:
      return object satisfies never
  }
}
