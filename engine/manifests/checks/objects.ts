import type { KubernetesObject } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import { checkCluster, checkNode } from './cluster.ts'
import { checkConfigMap, checkSecret } from './data.ts'
import { checkDeployment } from './deployment.ts'
import { checkMetadata } from './metadata.ts'
import { checkAutoscaler, checkBudget, checkClaim } from './others.ts'
import { checkPodSpec } from './pod.ts'
import { checkService } from './service.ts'
import { checkCronJob, checkDaemonSet, checkJob, checkReplicaSet, checkStatefulSet } from './workloads.ts'

/** What the official API server refuses and no schema can see, in one object. */
export function checkObject(context: CheckContext, object: KubernetesObject): void {
  if (!context.intact([])) return
  checkMetadata(context, object.kind, object.metadata)
  checkKind(context, object)
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
    case 'ConfigMap':
      return checkConfigMap(context, object)
    case 'Secret':
      return checkSecret(context, object)
    case 'PersistentVolumeClaim':
      return checkClaim(context, object)
    case 'PodDisruptionBudget':
      return checkBudget(context, object)
    case 'HorizontalPodAutoscaler':
      return checkAutoscaler(context, object)
    case 'Cluster':
      return checkCluster(context, object)
    case 'Node':
      return checkNode(context, object)
    case 'Namespace':
    case 'PriorityClass':
    case 'ServiceAccount':
      return
    default:
      return object satisfies never
  }
}
