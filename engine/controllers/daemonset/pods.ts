import type { NodeSelector, PodSpec, Taint, Toleration } from '../../api/generated/types.ts'
import { keyParts, nameHash } from '../../api/names.ts'
import { matchesNodeAffinity } from '../../api/nodeAffinity.ts'
import { UNREACHABLE } from '../../api/nodeLoss.ts'
import type { NodeFacts } from '../../api/nodes.ts'
import { DRIVES_OUT, KEEPS_AWAY, UNSCHEDULABLE_TAINT, untoleratedTaint } from '../../api/taints.ts'
import type { DaemonPod } from './rollout.ts'
import type { ControllerContext, PodWish } from '../decision.ts'
import { memoised } from '../../api/memo.ts'
import { ownedPodWish, type PodOwner } from '../ownedPod.ts'
import { REVISION_HASH, type Revision } from '../changes/revisions.ts'
import type { PodView } from '../view.ts'

/** What Kubernetes lets every pod of a DaemonSet bear (AddOrUpdateDaemonPodTolerations): they serve the node, however it fares. */
const TOLERATED: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]
const TOLERATED_ON_HOST_NETWORK: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
}

const tolerationsOf = memoised(({ hostNetwork, tolerations = [] }: PodSpec): readonly Toleration[] => [
  ...tolerations,
  ...TOLERATED,
  ...(hostNetwork === true ? [TOLERATED_ON_HOST_NETWORK] : []),
])

/** A pod of the set with what the rollout asks of it. */
export interface OwnPod extends DaemonPod {
  readonly pod: PodView
}

export interface Fit {
  /** A pod belongs on the node. */
  readonly shouldRun: boolean
  /** One that is there already may stay. */
  readonly mayStay: boolean
}

/** Kubernetes' nodeShouldRunDaemonPod: what the node has left for pods is no question here, nor whether it answers. */
export function fitOf(spec: PodSpec, node: NodeFacts): Fit {
  if (node.leaves) return { shouldRun: false, mayStay: false }
  const named = spec.nodeName === undefined || spec.nodeName === '' || spec.nodeName === node.name
  if (!named || !matchesNodeAffinity(spec, node)) return { shouldRun: false, mayStay: false }
  const tolerations = tolerationsOf(spec)
  const own =
    node.lostSince === undefined ? node.taints : node.taints.filter(({ key }) => key !== UNREACHABLE)
  const taints: readonly Taint[] = node.unschedulable ? [...own, UNSCHEDULABLE_TAINT] : own
  return {
    shouldRun: untoleratedTaint(tolerations, taints, KEEPS_AWAY) === undefined,
    mayStay: untoleratedTaint(tolerations, taints, DRIVES_OUT) === undefined,
  }
}

export interface DaemonOwner extends PodOwner {
  readonly revision: Revision
  /** Names of pods that are there. */
  readonly taken: ReadonlySet<string>
}

/** A pod that only this node may take. */
export function daemonPodWish(
  { key, revision, taken, uid }: DaemonOwner,
  node: string,
  context: ControllerContext,
): PodWish {
  const { metadata, spec } = revision.template
  const pod = {
    name: freeName(keyParts(key).name, uid, node, taken),
    metadata,
    labels: { ...metadata?.labels, [REVISION_HASH]: revision.hash },
    spec: { ...boundTo(node, spec), tolerations: tolerationsOf(spec) },
    reason: `node ${node} is to have one, of revision ${revision.number}`,
  }
  return ownedPodWish({ key, uid }, pod, context)
}

function freeName(owner: string, uid: string, node: string, taken: ReadonlySet<string>): string {
  for (let number = 0; ; number++) {
    const name = `${owner}-${nameHash(5, uid, node, String(number))}`
    if (!taken.has(name)) return name
  }
}

/** In the place of what the template required of nodes: that was looked at already. */
function boundTo(node: string, spec: PodSpec): PodSpec {
  const required: NodeSelector = {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
  }
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: required,
  }
  return { ...spec, affinity: { ...spec.affinity, nodeAffinity } }
}
