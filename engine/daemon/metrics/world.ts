import type { KubernetesObject } from '../../api/generated/types.ts'
import { type NodeFacts, nodesOf } from '../../api/nodes.ts'
import type { ObservedNode } from '../../api/snapshot.ts'
import { officialObjects } from '../../planner/official.ts'
import type { LoopState } from '../../reconciler/loop.ts'
import type { SyncState } from '../syncState.ts'
import type { NodeReading } from './containers/read.ts'

export type OfKind<K extends KubernetesObject['kind']> = Extract<KubernetesObject, { readonly kind: K }>

/** What a scrape is answered from: everything as it was when it began. */
export interface MetricsWorld {
  readonly now: Temporal.Instant
  readonly loop: LoopState
  readonly sync: SyncState
  /** Objects as an API server would hand them out, by kind. */
  readonly objects: <K extends KubernetesObject['kind']>(kind: K) => readonly OfKind<K>[]
  readonly nodes: readonly NodeSubject[]
  /** What the kernels count; of the nodes that answered in time. */
  readonly readings: readonly NodeReading[]
}

export interface NodeSubject {
  readonly facts: NodeFacts
  readonly observed: ObservedNode | undefined
  readonly podCIDR: string | undefined
}

export function metricsWorld(
  loop: LoopState,
  sync: SyncState,
  readings: readonly NodeReading[],
  now: Temporal.Instant,
): MetricsWorld {
  const { plan, snapshot } = loop
  const all = plan === undefined || snapshot === undefined ? [] : officialObjects(plan, snapshot)
  const byKind = Map.groupBy(all, ({ kind }) => kind)
  return {
    now,
    loop,
    sync,
    readings,
    objects: (kind) => (byKind.get(kind) ?? []).filter((object) => isOfKind(object, kind)),
    nodes: snapshot === undefined ? [] : nodeSubjects(snapshot),
  }
}

function isOfKind<K extends KubernetesObject['kind']>(
  object: KubernetesObject,
  kind: K,
): object is OfKind<K> {
  return object.kind === kind
}

function nodeSubjects(snapshot: NonNullable<LoopState['snapshot']>): readonly NodeSubject[] {
  const whole = snapshot.desired.cluster.spec?.podCIDR
  return nodesOf(snapshot).map((facts) => ({
    facts,
    observed: snapshot.observed.nodes.get(facts.name),
    // One label's worth, as Kubernetes has it: the first family's.
    podCIDR: (facts.info?.network?.podCIDR ?? whole)?.split(',')[0],
  }))
}
