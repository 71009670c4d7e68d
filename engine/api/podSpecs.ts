import type { KubernetesObject, PodSpec, TemplateMeta } from './generated/types.ts'

type Path = readonly (string | number)[]

const TEMPLATE: Path = ['spec', 'template', 'spec']

/** Pods that an object describes, itself or by a template. */
export interface DescribedPods {
  readonly spec: PodSpec
  readonly metadata: TemplateMeta | undefined
  /** Where in the object the spec stands. */
  readonly path: Path
}

/** None or one. */
export function podSpecsOf(object: KubernetesObject): readonly DescribedPods[] {
  switch (object.kind) {
    case 'Pod':
      return [{ spec: object.spec, metadata: object.metadata, path: ['spec'] }]
    case 'Deployment':
    case 'DaemonSet':
    case 'StatefulSet':
    case 'Job':
      return [{ ...object.spec.template, metadata: object.spec.template.metadata, path: TEMPLATE }]
    case 'ReplicaSet': {
      const { template } = object.spec
      return template === undefined ? [] : [{ ...template, metadata: template.metadata, path: TEMPLATE }]
    }
    case 'CronJob': {
      const template = object.spec.jobTemplate.spec?.template
      const path = ['spec', 'jobTemplate', ...TEMPLATE]
      return template === undefined ? [] : [{ ...template, metadata: template.metadata, path }]
    }
    case 'Cluster':
    case 'ClusterTrustBundle':
    case 'ConfigMap':
    case 'EndpointSlice':
    case 'HorizontalPodAutoscaler':
    case 'Ingress':
    case 'IngressClass':
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
