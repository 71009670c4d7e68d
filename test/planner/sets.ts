import type { DaemonSet, Node, PodSpec, ReplicaSet, StatefulSet } from '../../engine/api/generated/types.ts'
import type { Scene } from './scene.ts'

/** Manifests of sets, in short. */

type Changes<T extends { readonly spec: object }> = Partial<Omit<T['spec'], 'template' | 'selector'>>

export function daemonSet(
  name: string,
  tag: string,
  changes: Changes<DaemonSet> = {},
  spec: Partial<PodSpec> = {},
): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadata(name),
    spec: { ...base(name, tag, spec), ...changes },
  }
}

export function statefulSet(
  name: string,
  tag: string,
  changes: Changes<StatefulSet> = {},
  spec: Partial<PodSpec> = {},
): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata(name),
    spec: { ...base(name, tag, spec), ...changes },
  }
}

export function replicaSet(name: string, tag: string, changes: Changes<ReplicaSet> = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: metadata(name),
    spec: { ...base(name, tag), ...changes },
  }
}

export function node(
  name: string,
  labels: Readonly<Record<string, string>> = {},
  spec: Node['spec'] = {},
): Node {
  return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name, labels }, spec }
}

function metadata(name: string) {
  return { name, namespace: 'default' }
}

function base(name: string, tag: string, spec: Partial<PodSpec> = {}) {
  const containers = [{ name: 'app', image: `registry.example/app:${tag}` }]
  return {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers, ...spec } },
  }
}

/** `web-0=a web-1=b`: pods that are not on their way out, with their images' tags. */
export function pods(scene: Scene): string {
  return scene.world.pods
    .filter(({ record }) => record.pod.metadata.deletionTimestamp === undefined)
    .map(({ record }) => `${record.pod.metadata.name}=${record.pod.spec.containers[0]?.image?.split(':')[1]}`)
    .toSorted()
    .join(' ')
}

/** `node-0=a node-1=b`: the same, by node. */
export function byNode(scene: Scene): string {
  return scene.world.nodes
    .flatMap(({ name, pods: found }) =>
      [...found.values()].map(
        ({ record }) => `${name}=${record.pod.spec.containers[0]?.image?.split(':')[1]}`,
      ),
    )
    .toSorted()
    .join(' ')
}

/** Plans and does what was planned until nothing is left to do; what each plan made and deleted, one line a plan. */
export function story(scene: Scene, most = 100): readonly string[] {
  const lines: string[] = []
  let result = scene.plan()
  for (let count = 0; count < most && result.actions.length > 0; count++) {
    const moves = result.actions.flatMap((action) => {
      if (action.kind !== 'createPod' && action.kind !== 'deletePod') return []
      return `${action.kind === 'createPod' ? '+' : '-'}${action.pod.slice(action.pod.indexOf('/') + 1)}`
    })
    if (moves.length > 0) lines.push(moves.join(' '))
    for (const action of result.actions) scene.world.apply(action, 'whole')
    scene.world.pass(1)
    result = scene.plan()
  }
  return lines
}
