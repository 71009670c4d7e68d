import { keyParts, type NodeName, nodeName, type ObjectKey } from '../api/names.ts'
import {
  type NodeMemory,
  nodeKey,
  nodeMemory,
  nodeRecord,
  type RecordedTaint,
  remembersNothing,
} from '../api/nodeRecords.ts'
import { canonicalJson } from '../api/canonical.ts'
import { unreachableAtMs } from '../api/nodeLoss.ts'
import type { NodeFacts } from '../api/nodes.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { ObservedNode } from '../api/snapshot.ts'
import { taintText } from '../api/taints.ts'
import { type Decision, nothing, timestamp } from '../controllers/decision.ts'
import type { DatedTaints, Evictions } from './evictions.ts'
import { inOrder } from './inOrder.ts'
import { knownNodes } from './knownNodes.ts'
import { lossReason, nextLoss } from './lossMemory.ts'
import type { World } from './world.ts'

/** What of this plan is to be remembered of nodes. */
export interface NodeFindings {
  readonly dated: DatedTaints
  /** Nodes on which nothing is left that a drain is to take. */
  readonly drained: ReadonlySet<NodeName>
  /** By node that does not answer: pods whose place others may take from now on. */
  readonly replaced: Evictions['replaced']
}

/**
 * What is to be remembered of nodes: when their taints came and since when the commit has them drained, which no commit says; what was lost
 * with those that do not answer; and what people have said by command, until they take it back. Of a node that has left the commit
 * people's word stays, should it return.
 */
export function nodeDecisions(findings: NodeFindings, world: World): readonly Decision[] {
  const { observed } = world.snapshot
  const records = new Map<ObjectKey, ObjectRecord>()
  for (const [key, record] of world.snapshot.records) {
    if (record.object.kind === 'Node') records.set(key, record)
  }
  const concerned = ({ drains, name, reachable }: NodeFacts): boolean =>
    drains.length > 0 || !reachable || findings.dated.has(name) || records.has(nodeKey(name))
  const nodes = new Map(
    knownNodes(world.snapshot)
      .filter(concerned)
      .map((node) => [nodeKey(node.name), node]),
  )
  const keys = inOrder([...new Set([...nodes.keys(), ...records.keys()])], (key) => key)
  return keys.flatMap((key) => {
    const memory = nodeMemory(records.get(key))
    const next = nextMemory(memory, nodes.get(key), findings, world)
    const requeueAtMs = silenceEndsAtMs(observed.nodes.get(nodeName(keyParts(key).name)))
    return writes(key, memory, next, records.get(key), world).concat(
      Number.isFinite(requeueAtMs) ? [{ ...nothing(key), requeueAtMs }] : [],
    )
  })
}

/** When the node will count as unreachable, if it does not answer before. */
function silenceEndsAtMs(node: ObservedNode | undefined): number {
  if (node === undefined || node.lostSince !== undefined) return Number.POSITIVE_INFINITY
  return unreachableAtMs(node)
}

function nextMemory(
  memory: NodeMemory,
  node: NodeFacts | undefined,
  { dated, drained, replaced }: NodeFindings,
  world: World,
): NodeMemory {
  const { drain, drainedSince, fenced, givenUp, loss, unschedulable } = memory
  if (node === undefined) {
    return {
      ...(unschedulable && { unschedulable }),
      ...(fenced !== undefined && { fenced }),
      ...(givenUp !== undefined && { givenUp }),
      ...(loss !== undefined && { loss }),
    }
  }
  const taints = (dated.get(node.name) ?? []).map(
    ({ sinceMs, taint }): RecordedTaint => ({
      ...taint,
      timeAdded: timestamp(Temporal.Instant.fromEpochMilliseconds(sinceMs)),
    }),
  )
  const since = drainedSince ?? timestamp(world.context.now)
  return {
    ...(unschedulable && { unschedulable }),
    ...nextLoss(memory, node.name, replaced.get(node.name) ?? [], world),
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

function text({ drain, taints = [], ...rest }: NodeMemory): string {
  return canonicalJson([drain !== undefined, taints.map(taintText).toSorted(), rest])
}

function reasonOf(before: NodeMemory, next: NodeMemory): string {
  const { drain, drainedSince, fenced, taints = [] } = next
  const lost = lossReason(before.loss, next.loss)
  if (lost !== undefined) return lost
  if (before.fenced !== undefined && fenced === undefined) return 'it has been started anew'
  if (before.drain !== undefined && drain === undefined) return 'it is drained'
  if (before.drainedSince === undefined && drainedSince !== undefined) return 'since when it is drained'
  return `since when it has ${taints.map(taintText).join(', ') || 'no taint'}`
}
