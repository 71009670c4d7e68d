import type { KubernetesObject, PodSpec } from './generated/types.ts'

type Path = readonly (string | number)[]

/** The pods that an object describes, itself or by a template, and where in it. */
export function podSpecsOf(
  object: KubernetesObject,
): readonly { readonly spec: PodSpec; readonly path: Path }[] {
  switch (object.kind) {
    case 'Pod':
      return [{ spec: object.spec, path: ['spec'] }]
    case 'Deployment':
    case 'DaemonSet':
    case 'StatefulSet':
    case 'Job':
      return [{ spec: object.spec.template.spec, path: ['spec', 'template', 'spec'] }]
    case 'ReplicaSet': {
      const spec = object.spec.template?.spec
      return spec === undefined ? [] : [{ spec, path: ['spec', 'template', 'spec'] }]
    }
    case 'CronJob': {
      const job = object.spec.jobTemplate.spec
      const path = ['spec', 'jobTemplate', 'spec', 'template', 'spec']
      return job === undefined ? [] : [{ spec: job.template.spec, path }]
    }
    case 'Cluster':
    case 'ClusterTrustBundle':
    case 'ConfigMap':
    case 'HorizontalPodAutoscaler':
    case 'LimitRange':
    case 'Namespace':
    case 'Node':
    case 'PersistentVolume':
    case 'PersistentVolumeClaim':
    case 'PodDisruptionBudget':
    case 'PriorityClass':
    case 'ResourceQuota':
    case 'RuntimeClass':
    case 'Secret':
    case 'Service':
    case 'ServiceAccount':
    case 'StorageClass':
      return []
    default:
      return object satisfies never
  }
}
