import { nodeName, type NodeName, type ObjectKey, type PodUid } from '../engine/api/names.ts'
import type { ObjectRecord } from '../engine/api/records.ts'
import type { Desired, ObservedNode, ObservedPod, Snapshot } from '../engine/api/snapshot.ts'
import { plan } from '../engine/planner/plan.ts'
import { ModelWorld } from '../test/simulation/model.ts'
import { commitOf, type Wanted } from '../test/simulation/wanted.ts'

const TICKS_MAX = 500

/** A cluster whose every pod runs and is as the commit wants it, and the instant at which it is so. */
export interface Settled {
  readonly snapshot: Snapshot
  readonly now: Temporal.Instant
}

/**
 * Deployments that were rolled out one at a time on a model node, with their pods then dealt out over the nodes: as if they had been
 * placed, in a fraction of the time.
 */
export function settledCluster(deployments: number, replicas: number, nodes: number): Settled {
  const records = new Map<ObjectKey, ObjectRecord>()
  const pods: Map<PodUid, ObservedPod>[] = Array.from({ length: nodes }, () => new Map())
  const names = Array.from({ length: nodes }, (_, index) =>
    nodeName(`node-${String(index).padStart(5, '0')}`),
  )
  const wanted = Array.from({ length: deployments }, (_, index) => deployment(`app-${index}`, replicas))
  let now = Temporal.Instant.from('2026-01-01T00:00:00Z')
  let dealt = 0
  for (const one of wanted) {
    const world = new ModelWorld(1, replicas * 2)
    settle(world, commitOf([one]))
    now = world.now
    for (const [key, record] of world.records) records.set(key, record)
    for (const node of world.snapshot(commitOf([one])).observed.nodes.values()) {
      for (const [uid, pod] of node.pods) {
        const target = dealt % nodes
        dealt += 1
        pods[target]?.set(uid, { ...pod, record: { ...pod.record, node: names[target] ?? node.name } })
      }
    }
  }
  const observed = new Map(names.map((name, index) => [name, observedNode(name, pods[index] ?? new Map())]))
  return {
    snapshot: { desired: commitOf(wanted), observed: { nodes: observed }, records, busy: new Map() },
    now,
  }
}

function observedNode(name: NodeName, pods: ReadonlyMap<PodUid, ObservedPod>): ObservedNode {
  const info = {
    node: name,
    runtime: 'model',
    bootId: 'boot',
    addresses: ['192.0.2.1'],
    cpuMillis: 64_000,
    memoryBytes: 2 ** 38,
    podsMax: 250,
    warnings: [],
  }
  return { name, reachable: true, since: '2026-01-01T00:00:00Z', info, pods }
}

export function settle(world: ModelWorld, desired: Desired): void {
  for (let tick = 0; tick < TICKS_MAX; tick += 1) {
    const { actions, requeueAt } = plan(world.snapshot(desired), world.now)
    if (actions.length === 0 && requeueAt === undefined) return
    for (const action of actions) world.apply(action, 'whole')
    if (actions.length === 0 && requeueAt !== undefined) world.now = requeueAt
    else world.pass(1)
  }
  throw new Error(`not settled after ${TICKS_MAX} plans`)
}

export function deployment(name: string, replicas: number): Wanted {
  return {
    kind: 'Deployment',
    name,
    replicas,
    tag: '1',
    strategy: 'RollingUpdate',
    maxSurge: '25%',
    maxUnavailable: '25%',
    minReadySeconds: 0,
    paused: false,
    probed: true,
  }
}

/**
 * One container of one pod has crashed: its pod and its node are new, everything else is the very same object, as the engine's observer
 * hands it out.
 */
export function withOneCrash({ now, snapshot }: Settled, which: number): Settled {
  const nodes = new Map(snapshot.observed.nodes)
  const [name, node] = [...nodes][which % nodes.size] ?? []
  const [uid, pod] = [...(node?.pods ?? [])][0] ?? []
  const [container] = pod?.containers.values() ?? []
  if (name === undefined || node === undefined || uid === undefined || pod === undefined)
    throw new Error('no pod')
  if (container?.state.kind !== 'running') throw new Error('the container was to be running')
  const { startedAt } = container.state
  const exit = {
    attempt: 0,
    exitCode: 1,
    oomKilled: false,
    startedAt,
    finishedAt: now.toString(),
    startFailed: false,
  }
  const restartAt = now.add({ seconds: 10 }).toString()
  const state = { kind: 'exited', exit, restartAt } as const
  const crashed = { ...pod, containers: new Map([[container.name, { ...container, state }]]) }
  nodes.set(name, { ...node, pods: new Map(node.pods).set(uid, crashed) })
  return { now: now.add({ seconds: 1 }), snapshot: { ...snapshot, observed: { nodes } } }
}
