import type { Deployment, Node, PodSpec } from '../engine/api/generated/types.ts'
import { nodeName, type NodeName } from '../engine/api/names.ts'
import type { Desired, ObservedNode, Snapshot } from '../engine/api/snapshot.ts'
import { plan } from '../engine/planner/plan.ts'
import { desiredObject } from '../test/simulation/wanted.ts'
import { cpuTime, type Measurement, median } from './measure.ts'

const NODES = 5000
const ZONES = 10
const DEPLOYMENTS = 300
const REPLICAS = 100
const PODS = DEPLOYMENTS * REPLICAS
const RUNS = 3
const GIB = 2 ** 30

/**
 * One plan that gives each of 30,000 new pods a node, among 5,000 nodes: controllers, names, records and invariants included. Kubernetes'
 * scheduler_perf asks 680 to 1,100 pods a second of its scheduler for such loads; that is different work: each pod there goes through an
 * API server, its store and watches, one at a time, while nodes and pods change.
 */
export function benchScheduling(): readonly Measurement[] {
  const snapshot = emptyCluster()
  const now = Temporal.Instant.from('2026-01-01T00:00:00Z')
  const rates = Array.from({ length: RUNS }, () => {
    const { ms, result } = cpuTime(() => plan(snapshot, now))
    const placed = result.actions.filter(({ kind }) => kind === 'createPod').length
    if (placed !== PODS) throw new Error(`${placed} of ${PODS} pods were given a node`)
    return placed / (ms / 1000)
  })
  return [
    {
      what: `${PODS.toLocaleString('en')} pods with mixed constraints onto ${NODES.toLocaleString('en')} nodes, in one plan`,
      value: median(rates),
      unit: 'pods/s',
      runs: RUNS,
      target: { text: 'over 5,000 pods a second', least: 5000 },
    },
  ]
}

export function emptyCluster(): Snapshot {
  const objects = Array.from({ length: DEPLOYMENTS }, (_, index) => desiredObject(deployment(index)))
  const nodes = Array.from({ length: NODES }, (_, index) => node(index))
  const desired: Desired = {
    commit: 'c'.repeat(40),
    cluster: { apiVersion: 'reconcile.dev/v1', kind: 'Cluster', metadata: { name: 'default' } },
    nodes,
    objects: new Map(objects.map((one) => [one.key, one])),
  }
  const observed = new Map(
    nodes.map(({ metadata }, index) => observedNode(nodeName(metadata.name ?? ''), index)),
  )
  return { desired, observed: { nodes: observed }, records: new Map(), busy: new Map() }
}

function observedNode(name: NodeName, index: number): readonly [NodeName, ObservedNode] {
  const info = {
    node: name,
    runtime: 'model',
    bootId: 'boot',
    addresses: ['192.0.2.1'],
    cpuMillis: index % 3 === 0 ? 16_000 : 8000,
    memoryBytes: (index % 3 === 0 ? 64 : 32) * GIB,
    podsMax: 110,
    warnings: [],
  }
  return [name, { name, reachable: true, since: '2026-01-01T00:00:00Z', info, pods: new Map() }]
}

/** One node in twenty has a taint, one in four an SSD. */
function node(index: number): Node {
  const labels = {
    'topology.kubernetes.io/zone': `zone-${index % ZONES}`,
    ...(index % 4 === 0 && { disk: 'ssd' }),
  }
  const taints = index % 20 === 7 ? [{ key: 'dedicated', value: 'batch', effect: 'NoSchedule' } as const] : []
  return {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Node',
    metadata: { name: `node-${String(index).padStart(5, '0')}`, labels },
    spec: { taints },
  }
}

/** Of ten Deployments four have requests only; each of the others has one more wish. */
function deployment(index: number): Deployment {
  const name = `app-${index}`
  const labels = { app: name }
  const containers = [
    {
      name: 'app',
      image: 'registry.example/app:1',
      resources: { requests: { cpu: `${100 + (index % 5) * 100}m`, memory: `${256 * (1 + (index % 4))}Mi` } },
    },
  ]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers, ...wishes(index % 10, labels) } },
    },
  }
}

const SSD = { key: 'disk', operator: 'In', values: ['ssd'] } as const

function wishes(sort: number, labels: Readonly<Record<string, string>>): Partial<PodSpec> {
  const labelSelector = { matchLabels: labels }
  const zone = 'topology.kubernetes.io/zone'
  const host = 'kubernetes.io/hostname'
  switch (sort) {
    case 4:
      return {
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', labelSelector },
        ],
      }
    case 5:
      return {
        topologySpreadConstraints: [
          { maxSkew: 2, topologyKey: host, whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
        ],
      }
    case 6: {
      const apart = [{ topologyKey: host, labelSelector }]
      return { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: apart } } }
    }
    case 7: {
      const near = [{ weight: 50, podAffinityTerm: { topologyKey: zone, labelSelector } }]
      return { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: near } } }
    }
    case 8: {
      const required = { nodeSelectorTerms: [{ matchExpressions: [SSD] }] }
      return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }
    }
    case 9:
      return { tolerations: [{ key: 'dedicated', operator: 'Exists' }] }
    default:
      return {}
  }
}
