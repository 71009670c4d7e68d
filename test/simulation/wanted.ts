import { withDefaults } from '../../engine/api/defaults/objects.ts'
import type {
  Cluster,
  DaemonSet,
  Deployment,
  KubernetesObject,
  Pod,
  PodSpec,
  StatefulSet,
} from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import type { Desired, DesiredObject } from '../../engine/api/snapshot.ts'

/** One object of a random commit. */
export type Wanted = WantedDeployment | WantedPod | WantedStatefulSet | WantedDaemonSet

interface Keepable {
  /** Not to be pruned when it has left the commit. */
  readonly kept?: boolean
}

export interface WantedDeployment extends Keepable {
  readonly kind: 'Deployment'
  readonly name: string
  readonly replicas: number
  readonly tag: string
  readonly strategy: 'RollingUpdate' | 'Recreate'
  readonly maxSurge: number | string
  readonly maxUnavailable: number | string
  readonly minReadySeconds: number
  readonly paused: boolean
  readonly probed: boolean
}

export interface WantedPod extends Keepable {
  readonly kind: 'Pod'
  readonly name: string
  readonly tag: string
  readonly label: string
}

export interface WantedStatefulSet extends Keepable {
  readonly kind: 'StatefulSet'
  /** Whether its pods may come all at once follows from the name: it cannot be changed. */
  readonly name: 'db' | 'kv'
  readonly replicas: number
  readonly start: number
  readonly tag: string
  readonly partition: number
  readonly maxUnavailable: number | string
  readonly onDelete: boolean
  readonly minReadySeconds: number
  readonly probed: boolean
}

export interface WantedDaemonSet extends Keepable {
  readonly kind: 'DaemonSet'
  readonly name: 'agent'
  readonly tag: string
  readonly maxSurge: number | string
  readonly maxUnavailable: number | string
  readonly onDelete: boolean
  readonly minReadySeconds: number
  readonly probed: boolean
}

const CLUSTER: Cluster = {
  apiVersion: 'reconcile.dev/v1',
  kind: 'Cluster',
  metadata: { name: 'default' },
}

let commits = 0

export function commitOf(wanted: readonly Wanted[]): Desired {
  const objects = new Map(wanted.map((one) => desiredObject(annotated(one))).map((one) => [one.key, one]))
  commits += 1
  return { commit: commits.toString(16).padStart(40, '0'), cluster: CLUSTER, nodes: [], objects }
}

export function desiredObject(written: KubernetesObject): DesiredObject {
  const { name = '', namespace } = written.metadata ?? {}
  return {
    key: objectKey(written.kind, namespace, name),
    written,
    object: withDefaults(written),
    position: { file: `${name}.yaml`, line: 1, column: 1 },
  }
}

function annotated(wanted: Wanted): KubernetesObject {
  const manifest = manifestOf(wanted)
  if (wanted.kept !== true) return manifest
  const annotations = { 'reconcile.dev/prune': 'false' }
  return { ...manifest, metadata: { ...manifest.metadata, annotations } }
}

function manifestOf(wanted: Wanted): KubernetesObject {
  switch (wanted.kind) {
    case 'Pod':
      return podOf(wanted)
    case 'Deployment':
      return deploymentOf(wanted)
    case 'StatefulSet':
      return statefulSetOf(wanted)
    case 'DaemonSet':
      return daemonSetOf(wanted)
    default:
      return wanted satisfies never
  }
}

export function isParallel({ name }: WantedStatefulSet): boolean {
  return name === 'kv'
}

function statefulSetOf(wanted: WantedStatefulSet): StatefulSet {
  const { maxUnavailable, minReadySeconds, name, onDelete, partition, probed, replicas, start, tag } = wanted
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      minReadySeconds,
      ordinals: { start },
      podManagementPolicy: isParallel(wanted) ? 'Parallel' : 'OrderedReady',
      selector: { matchLabels: { app: name } },
      updateStrategy: onDelete
        ? { type: 'OnDelete' }
        : { type: 'RollingUpdate', rollingUpdate: { partition, maxUnavailable } },
      template: { metadata: { labels: { app: name } }, spec: specOf(tag, probed) },
    },
  }
}

function daemonSetOf(wanted: WantedDaemonSet): DaemonSet {
  const { maxSurge, maxUnavailable, minReadySeconds, name, onDelete, probed, tag } = wanted
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: 'default' },
    spec: {
      minReadySeconds,
      selector: { matchLabels: { app: name } },
      updateStrategy: onDelete
        ? { type: 'OnDelete' }
        : { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      template: { metadata: { labels: { app: name } }, spec: specOf(tag, probed) },
    },
  }
}

function podOf({ label, name, tag }: WantedPod): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { color: label } },
    spec: specOf(tag, false),
  }
}

function deploymentOf(wanted: WantedDeployment): Deployment {
  const { maxSurge, maxUnavailable, minReadySeconds, name, paused, probed, replicas, strategy, tag } = wanted
  const rolling = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } as const
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      minReadySeconds,
      paused,
      selector: { matchLabels: { app: name } },
      strategy: strategy === 'Recreate' ? { type: 'Recreate' } : rolling,
      template: { metadata: { labels: { app: name } }, spec: specOf(tag, probed) },
    },
  }
}

function specOf(tag: string, probed: boolean): PodSpec {
  const probe = { exec: { command: ['true'] }, periodSeconds: 1 }
  const main = { name: 'app', image: `registry.example/app:${tag}` }
  return { containers: [probed ? { ...main, readinessProbe: probe } : main] }
}
