import { type Binding, bindingKeyOf, bindingOf, bindingRecord } from '../api/bindings.ts'
import { writersMin } from '../api/fleet.ts'
import { memoised } from '../api/memo.ts'
import { type NodeName, nodeName, type ObjectKey } from '../api/names.ts'
import { isFenced, nodeKey, nodeMemory } from '../api/nodeRecords.ts'
import type { CreatePod } from '../api/plan.ts'
import type { ObjectRecord, PodRecord } from '../api/records.ts'
import type { ObservedNode, ObservedPod, Snapshot } from '../api/snapshot.ts'
import { type Decision, nothing } from '../controllers/decision.ts'
import { inOrder } from './inOrder.ts'
import { remembered } from './remembered.ts'

type Records = ReadonlyMap<ObjectKey, ObjectRecord>

/** Nodes that can be cut off from the engine. */
const otherMachines = memoised(
  ({ formerNodes = [], nodes }: Snapshot['desired']): ReadonlySet<NodeName> =>
    new Set([
      ...nodes
        .filter(({ spec }) => (spec?.address ?? 'local') !== 'local')
        .map(({ metadata }) => nodeName(metadata.name)),
      ...formerNodes,
    ]),
)

export function isFleet({ desired }: Pick<Snapshot, 'desired'>): boolean {
  return otherMachines(desired).size > 0
}

const bindingsByNode = memoised((records: Records): ReadonlyMap<NodeName, readonly Binding[]> => {
  const all = [...records.values()].flatMap((record) => bindingOf(record) ?? [])
  return Map.groupBy(all, ({ node }) => node)
})

/** Machines of a fleet that this engine has never read have the pods that were bound to them, as they were last seen, and no others. */
export function withBindings(snapshot: Snapshot): Snapshot {
  const { desired, observed, records } = snapshot
  const others = otherMachines(desired)
  const unread = [...observed.nodes.values()].filter(
    ({ name, unlisted }) => unlisted === true && others.has(name),
  )
  if (unread.length === 0) return snapshot
  const bound = bindingsByNode(records)
  const nodes = new Map(observed.nodes)
  for (const node of unread) {
    const seen = remembered(nodeMemory(records.get(nodeKey(node.name))).loss?.pods ?? [])
    nodes.set(node.name, boundNode(node, bound.get(node.name) ?? [], seen))
  }
  return { ...snapshot, observed: { ...observed, nodes } }
}

function boundNode(
  unread: ObservedNode,
  bindings: readonly Binding[],
  seen: ObservedNode['pods'],
): ObservedNode {
  const { unlisted: _, ...node } = unread
  return {
    ...node,
    pods: new Map(bindings.map(({ record, uid }) => [uid, seen.get(uid) ?? boundPod(record)])),
  }
}

/** Nothing is known but that it may be there. */
const boundPod = memoised(
  (record: PodRecord): ObservedPod => ({
    record,
    sandbox: 'absent',
    containers: new Map(),
    probes: new Map(),
    failures: new Map(),
  }),
)

/** Why nothing may be made: as many nodes may be another head's as this one cannot see. Undefined: there are enough of them. */
export function tooFewNodes(snapshot: Snapshot): string | undefined {
  if (!isFleet(snapshot)) return undefined
  // One that is dead, by somebody's word, is nobody's.
  const nodes = [...snapshot.observed.nodes.values()].filter(
    ({ name, reachable }) => reachable || !isFenced(snapshot.records.get(nodeKey(name))),
  )
  const answering = nodes.filter(({ reachable }) => reachable).length
  const needed = writersMin(nodes.length)
  if (answering >= needed) return undefined
  return `only ${answering} of ${nodes.length} nodes answer: another head may drive the others, so nothing is made until ${needed} do`
}

/** Each pod that is made or found on a node of a fleet is on record; one that is gone from its node is not any more. */
export function bindingDecisions(creates: readonly CreatePod[], snapshot: Snapshot): readonly Decision[] {
  const { observed, records } = snapshot
  const bound = isFleet(snapshot)
  const writes = bound
    ? [...creates.map((create) => bind(create.record, create.object)), ...adopted(snapshot)]
    : []
  const gone = [...bindingsByNode(records)].flatMap(([name, bindings]) =>
    bindings.filter((binding) => !bound || isGone(binding, observed.nodes.get(name), snapshot)),
  )
  return [...writes, ...inOrder(gone, ({ uid }) => uid).map(({ record }) => unbind(record))]
}

function bind(record: PodRecord, covers?: ObjectKey): Decision {
  const object = bindingKeyOf(record)
  const reason = `which node pod ${record.pod.metadata.name ?? ''} is on`
  const write = { kind: 'writeRecord', object, record: bindingRecord(record), reason } as const
  return { ...nothing(object), records: [{ ...write, ...(covers !== undefined && { covers }) }] }
}

/** Made by an engine that knew of no other machine. */
function adopted({ observed, records }: Snapshot): readonly Decision[] {
  return [...observed.nodes.values()].flatMap(({ pods, reachable }) =>
    reachable
      ? [...pods.values()].flatMap(({ record, unmade }) =>
          unmade === true || records.has(bindingKeyOf(record)) ? [] : [bind(record)],
        )
      : [],
  )
}

/** A node that is none of the fleet's any more has been emptied before. */
function isGone({ uid }: Binding, node: ObservedNode | undefined, { busy }: Snapshot): boolean {
  if (node === undefined) return true
  if (!node.reachable || node.unlisted === true || (node.unreadable ?? []).length > 0) return false
  return !node.pods.has(uid) && !busy.has(uid)
}

function unbind(record: PodRecord): Decision {
  const key = bindingKeyOf(record)
  const reason = `pod ${record.pod.metadata.name ?? ''} is gone`
  return { ...nothing(key), records: [{ kind: 'deleteRecord', object: key, key, reason }] }
}
