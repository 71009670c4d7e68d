import type { Admission } from './admission.ts'
import { podSpecWithDefaults } from './defaults/pod.ts'
import type { KubernetesObject, Node, PodSpec } from './generated/types.ts'
import { nodeName, objectKey, type ObjectKey } from './names.ts'
import { matchesNodeAffinity } from './nodeAffinity.ts'
import { podSpecsOf } from './podSpecs.ts'
import type { Wanted } from './quotas.ts'

/** What each object of a commit wants to have running, in the given order. `objects` with defaults. */
export function wantedBy(
  objects: readonly KubernetesObject[],
  nodes: readonly Node[],
  admission: Admission | undefined,
): readonly Wanted[] {
  const scaled = scaledTargets(objects)
  return objects.map((object) => {
    const [described] = podSpecsOf(object)
    if (described === undefined) return { object, pods: 0 }
    const { namespace = 'default' } = object.metadata
    const spec = podSpecWithDefaults(admission?.specOf(namespace, described.spec) ?? described.spec)
    return { object, spec, pods: podsOf(object, spec, nodes, scaled) }
  })
}

/** How many an autoscaler wants at least, by its target. */
function scaledTargets(objects: readonly KubernetesObject[]): ReadonlyMap<ObjectKey, number> {
  const targets = new Map<ObjectKey, number>()
  for (const object of objects) {
    if (object.kind !== 'HorizontalPodAutoscaler') continue
    const { minReplicas = 1, scaleTargetRef } = object.spec
    const { kind, name } = scaleTargetRef
    if (kind === 'Deployment' || kind === 'ReplicaSet' || kind === 'StatefulSet')
      targets.set(objectKey(kind, object.metadata.namespace ?? 'default', name), minReplicas)
  }
  return targets
}

/** Of a CronJob none: when its Jobs come, nobody knows here. */
function podsOf(
  object: KubernetesObject,
  spec: PodSpec,
  nodes: readonly Node[],
  scaled: ReadonlyMap<ObjectKey, number>,
): number {
  const { kind } = object
  if (kind === 'Pod') return 1
  if (kind === 'Deployment' || kind === 'ReplicaSet' || kind === 'StatefulSet') {
    const { replicas = 1 } = object.spec
    const { name = '', namespace = 'default' } = object.metadata
    return replicas === 0 ? 0 : (scaled.get(objectKey(kind, namespace, name)) ?? replicas)
  }
  if (kind === 'DaemonSet') return nodes.length === 0 ? 1 : nodes.filter((node) => takes(node, spec)).length
  if (kind !== 'Job' || object.spec.suspend === true) return 0
  const { completions, parallelism = 1 } = object.spec
  return Math.min(parallelism, completions ?? parallelism)
}

function takes({ metadata }: Node, spec: PodSpec): boolean {
  const { labels, name = '' } = metadata
  const own = { ...labels, 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' }
  return matchesNodeAffinity(spec, { name: nodeName(name), labels: own })
}
