import { INVALID_ALLOCATABLE } from '../../api/allocatable.ts'
import { nodesOf, type NodeFacts } from '../../api/nodes.ts'
import type { Snapshot } from '../../api/snapshot.ts'
import { table } from '../table.ts'

/** Shown when there is something to say: a node that is ready and takes pods, as the only one does mostly, is not worth a table. */
export function nodeTable(snapshot: Snapshot): string {
  const nodes = nodesOf(snapshot)
  if (nodes.length < 2 && nodes.every((node) => wordsOf(node) === 'Ready')) return ''
  const rows = nodes.map((node) => {
    const pods = snapshot.observed.nodes.get(node.name)?.pods.size ?? 0
    return [`node/${node.name}`, wordsOf(node), String(pods)]
  })
  return table(['NAME', 'STATUS', 'PODS'], rows)
}

/** As `kubectl get nodes` has it; a drain that is not over is ours. */
export function wordsOf({ drains, fenced, overReserved, reachable, unschedulable }: NodeFacts): string {
  return [
    reachable ? 'Ready' : 'NotReady',
    ...(fenced ? ['Fenced'] : []),
    ...(unschedulable ? ['SchedulingDisabled'] : []),
    ...(drains.length > 0 ? ['Draining'] : []),
    ...(overReserved.length > 0 ? [INVALID_ALLOCATABLE] : []),
  ].join(',')
}
