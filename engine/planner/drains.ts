import type { NodeDrain } from '../api/generated/types.ts'
import { keyParts, type NodeName, type ObjectKey } from '../api/names.ts'
import type { NodeDraining, NodeFacts } from '../api/nodes.ts'
import { type Decision, nothing, type PodDeletion, type PodNote } from '../controllers/decision.ts'
import { canBeDeleted, createdMs } from '../controllers/view.ts'
import type { Allowance, Budget } from './budgets.ts'
import { knownNodes } from './knownNodes.ts'
import type { World } from './world.ts'
import type { WorldPod } from './worldPods.ts'

export interface Drained {
  readonly decisions: readonly Decision[]
  /** Nodes on which nothing is left that is to go. */
  readonly empty: ReadonlySet<NodeName>
}

/**
 * Takes the pods off nodes that are to be drained, as kubectl does: pods of DaemonSets stay; what no controller looks after, and what
 * would lose the data of an emptyDir, goes only if the drain says so; each goes when its budgets allow. Pods that have ended stay, too:
 * all that is left of them is how they ended. Source: k8s.io/kubectl/pkg/drain.
 */
export function drains(decided: readonly Decision[], allowance: Allowance, world: World): Drained {
  const nodes = knownNodes(world.snapshot).filter(({ drains }) => drains.length > 0)
  const empty = new Set<NodeName>()
  if (nodes.length === 0) return { decisions: [], empty }
  const going = new Set(decided.flatMap(({ deletes }) => deletes.map(({ pod }) => pod.uid)))
  const found = new Map<ObjectKey, { readonly deletes: PodDeletion[]; readonly notes: PodNote[] }>()
  for (const node of nodes) {
    const concerned = (world.byNode.get(node.name)?.pods ?? []).filter((pod) => isConcerned(pod, node))
    if (concerned.length === 0 && isWellKnown(node, world)) empty.add(node.name)
    for (const pod of concerned) {
      if (pod.view.deleting || going.has(pod.view.uid)) continue
      const { deletes, notes } = found.getOrInsertComputed(pod.object, () => ({ deletes: [], notes: [] }))
      // About what is left alone it is only said: no budget is used up for that.
      const word = wordOn(pod, node, world.off.of(pod.object) === undefined ? allowance : undefined)
      if ('deletion' in word) deletes.push(word.deletion)
      else notes.push(word.note)
    }
  }
  return { decisions: [...found].map(([object, word]) => ({ ...nothing(object), ...word })), empty }
}

/** Its listing is what it has: nobody knows what a node that does not answer runs. */
function isWellKnown({ name, reachable }: NodeFacts, { snapshot }: World): boolean {
  const node = snapshot.observed.nodes.get(name)
  return reachable && node?.unlisted !== true && (node?.unreadable ?? []).length === 0
}

/** Pods that came later have come in spite of it: they tolerate it, or name the node. Were they taken too, they would come again. */
function isConcerned(pod: WorldPod, { drains }: NodeFacts): boolean {
  if (pod.owner?.kind === 'DaemonSet' || (pod.view.finished && !pod.view.deleting)) return false
  const came = createdMs(pod.view)
  return drains.some(({ startedAt }) => startedAt === undefined || came <= Date.parse(startedAt))
}

type Word = { readonly deletion: PodDeletion } | { readonly note: PodNote }

function wordOn(pod: WorldPod, { drains, name }: NodeFacts, allowance: Allowance | undefined): Word {
  const { view } = pod
  const drain = drains.find(({ options }) => hindrance(pod, options) === undefined)
  const wait = (reason: string): Word => ({ note: { pod: view, bucket: 'wait', reason } })
  if (drain === undefined) return wait(`node ${name} is drained: ${hindranceText(pod, drains)}`)
  if (!canBeDeleted(view)) return wait(`node ${name} is drained: once ${view.busy?.kind ?? 'it'} is done`)
  const deletion = deletionOf(pod, name, drain.options)
  const holder = allowance?.take(deletion)
  return holder === undefined ? { deletion } : wait(heldText(holder))
}

function deletionOf({ view }: WorldPod, node: NodeName, options: NodeDrain): PodDeletion {
  const { disableEviction, gracePeriodSeconds } = options
  return {
    pod: view,
    reason: `node ${node} is drained`,
    bucket: 'delete',
    disrupts: disableEviction === true ? 'deletion' : 'drain',
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
  }
}

/** What a drain does not touch unless it is told to. */
export type DrainTrait = 'daemonSet' | 'localStorage' | 'unmanaged'

function traitsOf({ owner, view }: WorldPod): readonly DrainTrait[] {
  // A DaemonSet's pods stay, whatever else they have.
  if (owner?.kind === 'DaemonSet') return ['daemonSet']
  const isLocal = (view.record.pod.spec.volumes ?? []).some(({ emptyDir }) => emptyDir !== undefined)
  return [
    ...(isLocal ? (['localStorage'] as const) : []),
    ...(owner === undefined ? (['unmanaged'] as const) : []),
  ]
}

function hindrance(pod: WorldPod, { deleteEmptyDirData, force }: NodeDrain): DrainTrait | undefined {
  return traitsOf(pod).find(
    (trait) =>
      (trait === 'localStorage' && deleteEmptyDirData !== true) || (trait === 'unmanaged' && force !== true),
  )
}

function hindranceText(pod: WorldPod, drains: readonly NodeDraining[]): string {
  const [first] = drains.flatMap(({ options }) => hindrance(pod, options) ?? [])
  return first === 'unmanaged'
    ? 'cannot delete Pods that declare no controller (force is not set)'
    : 'cannot delete Pods with local storage (deleteEmptyDirData is not set)'
}

const HELD = "Cannot evict pod as it would violate the pod's disruption budget."

/** The eviction API's words, as `kubectl drain` prints them. */
function heldText({ key, numbers }: Budget): string {
  const { currentHealthy, desiredHealthy, failure } = numbers
  const why =
    failure ??
    `The disruption budget ${keyParts(key).name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently.`
  return `${HELD} ${why}`
}

export function isHeldByBudget(reason: string): boolean {
  return reason.startsWith(HELD)
}

export interface PodToDrain {
  /** `namespace/name` */
  readonly pod: string
  readonly traits: readonly DrainTrait[]
}

/** The pods that a drain of this node would be about, for whoever asks for it to decide. */
export function podsToDrain(node: NodeName, world: World): readonly PodToDrain[] {
  const pods = world.byNode.get(node)?.pods ?? []
  return pods
    .filter(({ view }) => !view.finished && !view.deleting)
    .map((pod) => ({ pod: pod.view.label, traits: traitsOf(pod) }))
}
