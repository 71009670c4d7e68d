import type { Deployment } from '../api/generated/types.ts'
import { type ObjectKey, objectKey, type PodUid } from '../api/names.ts'
import type { Action, DeletePod, PodAction, Violation } from '../api/plan.ts'
import { boundsOf } from '../controllers/fenceposts.ts'
import { REPLACE } from '../controllers/changes/replace.ts'
import { hasSelector } from '../controllers/replicaset/sets.ts'
import { isActive, isAvailable, isCancellable, type PodView } from '../controllers/view.ts'
import { budgetsOf, HELD } from './budgets.ts'
import { claimViolations } from './claims/invariants.ts'
import { jobViolations } from './jobInvariants.ts'
import { setViolations } from './setInvariants.ts'
import type { World } from './world.ts'
import { podsNamed } from './worldIndex.ts'
import type { WorldPod } from './worldPods.ts'

/**
 * What no plan may do, looked at on the finished plan and apart from the code that made it. A violation is a bug of ours, so nothing of
 * the object concerned is done, and the plan says so.
 */
export function brokenInvariants(actions: readonly Action[], world: World): readonly Violation[] {
  const podActions = actions.filter(isPodAction)
  const pods = podsOfActions(podActions, world)
  return [
    ...podActions.flatMap((action) => alone(action, pods, world)),
    ...twice(podActions),
    ...twoOfOneName(podActions, pods, world),
    ...outOfBounds(podActions, pods, world),
    ...overBudgets(podActions, pods, world),
    ...claimViolations(actions, world),
  ]
}

/** Looked up by name, which a plan for a hundred thousand unchanged pods does not do for each of them. */
function podsOfActions(actions: readonly PodAction[], world: World): Pods {
  const pods = new Map<PodUid, WorldPod>()
  for (const { pod: label, uid } of actions) {
    const pod = podsNamed(podKey(label), world).find(({ view }) => view.uid === uid)
    if (pod !== undefined) pods.set(uid, pod)
  }
  return pods
}

function podKey(label: string): ObjectKey {
  const [namespace, name = ''] = label.split('/')
  return objectKey('Pod', namespace, name)
}

function isPodAction(action: Action): action is PodAction {
  return 'uid' in action
}

type Pods = ReadonlyMap<PodUid, WorldPod>

/** What can be seen from one action. */
function alone(action: PodAction, pods: Pods, world: World): readonly Violation[] {
  const { kind, node, object } = action
  const found: Violation[] = []
  const broken = (invariant: string, message: string): void => {
    found.push({ invariant, object, message: `${kind} of ${action.pod} on ${node}: ${message}` })
  }
  if (world.snapshot.observed.nodes.get(node)?.reachable !== true)
    broken('no action on a node that does not answer', 'the node does not answer')
  const view = pods.get(action.uid)?.view
  if (view === undefined) {
    if (kind !== 'createPod') broken('nothing is done to what is not ours', 'no such pod was observed')
    return found
  }
  if (view.node !== node) broken('never two live copies of one pod', `the pod is on ${view.node}`)
  if (view.busy !== undefined && !(isAnEnd(action) && isCancellable(view.busy)))
    broken('no action for a busy pod', `${view.busy.kind} is under way`)
  if (kind === 'removePod' && !view.deleting)
    broken('nothing is removed whose deletion is not on record', 'its record has no deletionTimestamp')
  if (kind === 'releasePod' && (!view.finished || action.record.ended === undefined))
    broken('only what has ended gives back what it has', `its phase is ${view.status.phase ?? 'unknown'}`)
  return found
}

/** It may be written over work that is given up because of it. */
function isAnEnd(action: PodAction): boolean {
  return action.kind === 'deletePod' || (action.kind === 'updatePod' && action.record.ended !== undefined)
}

function twice(actions: readonly PodAction[]): readonly Violation[] {
  const seen = new Set<PodUid>()
  return actions.flatMap(({ kind, object, pod, uid }) => {
    if (!seen.has(uid)) {
      seen.add(uid)
      return []
    }
    return [
      { invariant: 'one action for a pod', object, message: `${kind} of ${pod}: it has another action` },
    ]
  })
}

/** Also one that is ending is still there. What is there and is made whole again is no second one. */
function twoOfOneName(actions: readonly PodAction[], pods: Pods, world: World): readonly Violation[] {
  const created = actions.filter(({ kind, uid }) => kind === 'createPod' && !pods.has(uid))
  const made = new Map<string, PodUid>()
  return created.flatMap(({ object, pod, uid }) => {
    const other = made.get(pod) ?? podsNamed(podKey(pod), world).at(-1)?.view.uid
    made.set(pod, uid)
    if (other === undefined) return []
    const message = `createPod of ${pod}: there is one of this name, ${other}`
    return [{ invariant: 'never two live copies of one pod', object, message }]
  })
}

function outOfBounds(actions: readonly PodAction[], pods: Pods, world: World): readonly Violation[] {
  const touched = Map.groupBy(actions, ({ object }) => object)
  return [...touched].flatMap(([key, own]) => {
    if (!own.some(({ kind }) => kind === 'deletePod' || kind === 'createPod')) return []
    const wanted = world.wanted.get(key)?.object
    if (wanted?.kind === 'Job') return jobViolations(key, own, world)
    if (wanted?.kind !== 'Deployment') return setViolations(key, own, world)
    return isReplaced(key, wanted, world) ? [] : rolloutBounds(key, wanted, own, pods, world)
  })
}

/** Its author lets it be removed and made anew, for a change that Kubernetes forbids. */
function isReplaced(key: ObjectKey, deployment: Deployment, { sets }: World): boolean {
  if (deployment.metadata.annotations?.[REPLACE] !== 'true') return false
  return (sets.get(key) ?? []).some((set) => !hasSelector(set, deployment.spec.selector))
}

function rolloutBounds(
  key: ObjectKey,
  deployment: Deployment,
  actions: readonly PodAction[],
  pods: Pods,
  world: World,
): readonly Violation[] {
  const { ceiling, floor } = boundsOf(deployment)
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0
  const available = (view: PodView): boolean =>
    isActive(view) && isAvailable(view, minReadySeconds, world.context.nowMs)
  const active = (world.byObject.get(key) ?? []).filter(isActive)
  let activeNow = active.length
  let availableNow = active.filter(available).length
  let made = 0
  let taken = 0
  for (const action of actions) {
    const { kind, uid } = action
    const pod = pods.get(uid)
    if (kind === 'createPod' && pod === undefined) {
      made += 1
      activeNow += 1
    }
    if (action.kind !== 'deletePod' || pod === undefined || !isActive(pod.view)) continue
    activeNow -= 1
    // A more important pod or a taint took it: not the rollout's doing.
    if (!available(pod.view) || (action.disrupts !== undefined && action.disrupts !== 'rollout')) continue
    availableNow -= 1
    taken += 1
  }
  const found: Violation[] = []
  const counts = `of ${deployment.spec.replicas ?? 1} wanted`
  if (taken > 0 && availableNow < floor) {
    const message = `deleting ${taken} available pods leaves ${availableNow} ${counts}, under the floor of ${floor}`
    found.push({ invariant: "available pods stay at the rollout's floor", object: key, message })
  }
  if (made > 0 && activeNow > ceiling) {
    const message = `making ${made} pods comes to ${activeNow} ${counts}, over the ceiling of ${ceiling}`
    found.push({ invariant: "pods stay under the rollout's ceiling", object: key, message })
  }
  return found
}

/**
 * Ready pods that a rollout, a drain or a preemption takes, against what each budget leaves: what is ready stays at what has to be healthy,
 * counted apart from the code that let the deletions through.
 */
function overBudgets(actions: readonly PodAction[], pods: Pods, world: World): readonly Violation[] {
  const taken: (readonly [DeletePod, PodView])[] = []
  for (const action of actions) {
    const view = pods.get(action.uid)?.view
    if (action.kind !== 'deletePod' || view?.ready !== true || view.deleting) continue
    if (HELD.has(action.disrupts)) taken.push([action, view])
  }
  if (taken.length === 0) return []
  return budgetsOf(world).flatMap(({ key, numbers, pods: covered }) => {
    const own = taken.filter(([, view]) => covered.has(view))
    const left = numbers.currentHealthy - own.length
    if (own.length === 0 || (numbers.failure === undefined && left >= numbers.desiredHealthy)) return []
    const counts = `leaves ${left} of its pods healthy, ${numbers.desiredHealthy} have to be`
    const message = `deleting ${own.length} pods of ${key} ${counts}`
    const objects = new Set(own.map(([{ object }]) => object))
    return [...objects].map((object) => ({ invariant: 'budgets hold', object, message }))
  })
}
