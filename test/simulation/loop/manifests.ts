import { withDefaults } from '../../../engine/api/defaults/objects.ts'
import type {
  Container,
  Deployment,
  KubernetesObject,
  Pod,
  PodSpec,
} from '../../../engine/api/generated/types.ts'
import { objectKey } from '../../../engine/api/names.ts'
import type { Desired } from '../../../engine/api/snapshot.ts'

export function desiredOf(commit: string, written: readonly KubernetesObject[]): Desired {
  const objects = written.map((object) => {
    const { name = '', namespace = 'default' } = object.metadata ?? {}
    const key = objectKey(object.kind, namespace, name)
    const position = { file: `${name}.yaml`, line: 1, column: 1 }
    return [key, { key, written: object, object: withDefaults(object), position }] as const
  })
  const cluster = { apiVersion: 'reconcile.dev/v1', kind: 'Cluster', metadata: { name: 'default' } } as const
  return { commit, cluster, nodes: [], objects: new Map(objects) }
}

export function container(name = 'app', more: Partial<Container> = {}): Container {
  return { name, image: 'registry.example/app:1', ...more }
}

export function pod(name: string, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [container()], ...spec },
  }
}

export function deployment(
  name: string,
  spec: Partial<Deployment['spec']> = {},
  podSpec: Partial<PodSpec> = {},
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [container()], ...podSpec } },
      ...spec,
    },
  }
}
