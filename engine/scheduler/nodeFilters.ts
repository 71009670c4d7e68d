import type { PodSpec, Taint } from '../api/generated/types.ts'
import { matchesNodeAffinity } from '../api/nodeAffinity.ts'
import type { NodeFacts } from '../api/nodes.ts'
import { DRIVES_OUT, isTolerated, KEEPS_AWAY, UNSCHEDULABLE_TAINT, untoleratedTaint } from '../api/taints.ts'

/** Why a node may not take a pod, whoever leaves it. */
export interface NodeRefusal {
  /** As kube-scheduler says it after the number of such nodes. */
  readonly reason: string
}

/**
 * In kube-scheduler's order; the first one that refuses a node gives the reason. A pod that names its node asks no scheduler: only what a
 * kubelet looks at counts, as in Kubernetes.
 */
export function nodeRefusal(spec: PodSpec, node: NodeFacts): NodeRefusal | undefined {
  const tolerations = spec.tolerations ?? []
  const bound = spec.nodeName !== undefined
  if (!node.reachable) return NO_ANSWER
  if (node.leaves) return UNSCHEDULABLE
  if (node.unschedulable && !bound && !isTolerated(tolerations, UNSCHEDULABLE_TAINT)) return UNSCHEDULABLE
  if (bound && spec.nodeName !== node.name) return OTHER_NODE
  const taint = untoleratedTaint(tolerations, node.taints, bound ? DRIVES_OUT : KEEPS_AWAY)
  if (taint !== undefined) return tainted(taint)
  return matchesNodeAffinity(spec, node) ? undefined : NO_MATCH
}

const NO_ANSWER: NodeRefusal = { reason: 'node(s) did not answer' }
const UNSCHEDULABLE: NodeRefusal = { reason: 'node(s) were unschedulable' }
const OTHER_NODE: NodeRefusal = { reason: "node(s) didn't match the requested node name" }
const NO_MATCH: NodeRefusal = { reason: "node(s) didn't match Pod's node affinity/selector" }

function tainted({ key, value }: Taint): NodeRefusal {
  return { reason: `node(s) had untolerated taint {${key}: ${value ?? ''}}` }
}
