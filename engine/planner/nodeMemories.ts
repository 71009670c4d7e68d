import { keyParts, type NodeName, nodeName, type ObjectKey } from '../api/names.ts'
import {
  type NodeMemory,
  nodeKey,
  nodeMemory,
  nodeRecord,
  type RecordedTaint,
  remembersNothing,
} from '../api/nodeRecords.ts'
import type { NodeFacts } from '../api/nodes.ts'
import type { ObjectRecord } from '../api/records.ts'
import { type Decision, nothing, timestamp } from '../controllers/decision.ts'
import type { DatedTaints } from './evictions.ts'
import { inOrder } from './inOrder.ts'
import { knownNodes } from './knownNodes.ts'
import type { World } from './world.ts'

/**
 * What is to be remembered of nodes: when their taints came and since when the commit has them drained, which no commit says; and what
 * people have said by command, until they take it back. Of a node that has left the commit people's word stays, should it return.
 */
export function nodeDecisions(
  dated: DatedTaints,
  drained: ReadonlySet<NodeName>,
  world: World,
): readonly Decision[] {
  const records = new Map<ObjectKey, ObjectRecord>()
  for (const [key, record] of world.snapshot.records) {
    if (record.object.kind === 'Node') records.set(key, record)
  }
  const nodes = new Map(
    knownNodes(world.snapshot)
      .filter(({ drains, name }) => drains.length > 0 || dated.has(name) || records.has(nodeKey(name)))
      .map((node) => [nodeKey(node.name), node]),
  )
  const keys = inOrder([...new Set([...nodes.keys(), ...records.keys()])], (key) => key)
  return keys.flatMap((key) => {
    const memory = nodeMemory(records.get(key))
    const next = nextMemory(memory, nodes.get(key), dated, drained, world)
    return writes(key, memory, next, records.get(key), world)
  })
}

function nextMemory(
  { drain, drainedSince, unschedulable }: NodeMemory,
  node: NodeFacts | undefined,
  dated: DatedTaints,
  drained: ReadonlySet<NodeName>,
  { context }: World,
): NodeMemory {
  const said = unschedulable === undefined ? {} : { unschedulable }
  if (node === undefined) return said
  const taints = (dated.get(node.name) ?? []).map(
    ({ sinceMs, taint }): RecordedTaint => ({
      ...taint,
      timeAdded: timestamp(Temporal.Instant.fromEpochMilliseconds(sinceMs)),
    }),
  )
  const since = drainedSince ?? timestamp(context.now)
  return {
    ...said,
    ...(drain !== undefined && !drained.has(node.name) && { drain }),
    ...(node.drains.some(({ by }) => by === 'commit') && { drainedSince: since }),
    ...(taints.length > 0 && { taints }),
  }
}

function writes(
  key: ObjectKey,
  before: NodeMemory,
  next: NodeMemory,
  record: ObjectRecord | undefined,
  { context }: World,
): readonly Decision[] {
  if (remembersNothing(next)) {
    if (record === undefined) return []
    const reason = 'nothing is to be remembered of the node any more'
    return [{ ...nothing(key), records: [{ kind: 'deleteRecord', object: key, key, reason }] }]
  }
  if (record !== undefined && text(before) === text(next)) return []
  const written = nodeRecord(nodeName(keyParts(key).name), next, context.commit, record)
  const reason = reasonOf(before, next)
  return [{ ...nothing(key), records: [{ kind: 'writeRecord', object: key, record: written, reason }] }]
}

function text({ drain, drainedSince, taints = [], unschedulable }: NodeMemory): string {
  return JSON.stringify([drain !== undefined, drainedSince, unschedulable, taints.map(taintText).toSorted()])
}

function taintText({ effect, key, value }: RecordedTaint): string {
  return `${key}=${value ?? ''}:${effect}`
}

function reasonOf(before: NodeMemory, { drain, drainedSince, taints = [] }: NodeMemory): string {
  if (before.drain !== undefined && drain === undefined) return 'it is drained'
  if (before.drainedSince === undefined && drainedSince !== undefined) return 'since when it is drained'
  return `since when it has ${taints.map(taintText).join(', ') || 'no taint'}`
}
