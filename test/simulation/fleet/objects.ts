import { withDefaults } from '../../../engine/api/defaults/objects.ts'
import type {
  Container,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  KubernetesObject,
  Node,
  ObjectMeta,
  Pod,
  PodDisruptionBudget,
  PodSpec,
  PodTemplateSpec,
  ReplicaSet,
  StatefulSet,
} from '../../../engine/api/generated/types.ts'
import { objectKey } from '../../../engine/api/names.ts'
import type { Desired, DesiredObject } from '../../../engine/api/snapshot.ts'

/** How the containers of a pod behave; stands in a label, so that the simulated node knows it too. */
export type Behaviour = 'serves' | 'does-a-task' | 'fails-at-times' | 'always-fails'

export const BEHAVIOUR = 'simulation/behaviour'

export function desired(
  commit: string,
  objects: readonly KubernetesObject[],
  nodes: readonly Node[],
): Desired {
  return {
    commit,
    cluster: { apiVersion: 'reconcile.dev/v1', kind: 'Cluster', metadata: { name: 'default' } },
    nodes,
    objects: new Map(objects.map((object) => desiredObject(object)).map((object) => [object.key, object])),
  }
}

function desiredObject(written: KubernetesObject): DesiredObject {
  const { name = '', namespace } = written.metadata ?? {}
  return {
    key: objectKey(written.kind, namespace, name),
    written,
    object: withDefaults(written),
    position: { file: `${name}.yaml`, line: 1, column: 1 },
  }
}

export function node(name: string): Node {
  return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name }, spec: {} }
}

/** What of a pod template the dice decide. */
export interface PodShape {
  readonly behaviour: Behaviour
  readonly tag: number
  readonly graceSeconds: number
  readonly probed: boolean
  readonly restartPolicy: NonNullable<PodSpec['restartPolicy']>
}

export function podSpec({ graceSeconds, probed, restartPolicy, tag }: PodShape): PodSpec {
  const main: Container = {
    name: 'main',
    image: `registry.example/app:${tag}`,
    ...(probed && { readinessProbe: { exec: { command: ['probe'] }, periodSeconds: 1 } }),
  }
  return { terminationGracePeriodSeconds: graceSeconds, restartPolicy, containers: [main] }
}

function template(name: string, shape: PodShape): PodTemplateSpec {
  return { metadata: { labels: { app: name, [BEHAVIOUR]: shape.behaviour } }, spec: podSpec(shape) }
}

function metadata(name: string): ObjectMeta {
  return { name, namespace: 'default' }
}

function selected(name: string, shape: PodShape): Pick<Deployment['spec'], 'selector' | 'template'> {
  return { selector: { matchLabels: { app: name } }, template: template(name, shape) }
}

export function pod(name: string, shape: PodShape): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata(name), labels: { [BEHAVIOUR]: shape.behaviour } },
    spec: podSpec(shape),
  }
}

export function deployment(name: string, shape: PodShape, spec: Partial<Deployment['spec']>): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(name),
    spec: { ...selected(name, shape), ...spec },
  }
}

export function replicaSet(name: string, shape: PodShape, replicas: number): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: metadata(name),
    spec: { ...selected(name, shape), replicas },
  }
}

export function statefulSet(name: string, shape: PodShape, spec: Partial<StatefulSet['spec']>): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata(name),
    spec: { serviceName: name, ...selected(name, shape), ...spec },
  }
}

export function daemonSet(name: string, shape: PodShape, spec: Partial<DaemonSet['spec']>): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadata(name),
    spec: { ...selected(name, shape), ...spec },
  }
}

export function job(name: string, shape: PodShape, spec: Partial<Job['spec']>): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(name),
    spec: { template: template(name, shape), ...spec },
  }
}

export function cronJob(name: string, shape: PodShape, spec: Omit<CronJob['spec'], 'jobTemplate'>): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadata(name),
    spec: { ...spec, jobTemplate: { spec: { template: template(name, shape), backoffLimit: 1 } } },
  }
}

export function budget(app: string, spec: Partial<PodDisruptionBudget['spec']>): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(app),
    spec: { selector: { matchLabels: { app } }, ...spec },
  }
}
