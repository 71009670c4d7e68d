import type { DaemonSet, KubernetesObject, StatefulSet } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, type PodUid } from '../api/names.ts'
import type { PodAction, Violation } from '../api/plan.ts'
import { fitOf } from '../controllers/daemonset/pods.ts'
import { daemonLimits } from '../controllers/daemonset/rollout.ts'
import { inForce } from '../controllers/changes/inForce.ts'
import { REPLACE } from '../controllers/changes/replace.ts'
import { ordinalOf } from '../controllers/statefulset/pods.ts'
import { maxUnavailableOf } from '../controllers/statefulset/rollout.ts'
import { isActive, isAvailable, type PodView } from '../controllers/view.ts'
import { knownNodes } from './knownNodes.ts'
import type { World } from './world.ts'

/** What no plan may do to the pods of one StatefulSet or DaemonSet, counted apart from the code that made the plan. */
export function setViolations(
  key: ObjectKey,
  actions: readonly PodAction[],
  world: World,
): readonly Violation[] {
  const own = actions.filter(({ object }) => object === key)
  const stateful = forceOf(key, isStatefulSet, world)
  if (stateful !== undefined) return statefulViolations(key, stateful, own, world)
  const daemon = forceOf(key, isDaemonSet, world)
  return daemon === undefined ? [] : daemonViolations(key, daemon, own, world)
}

function isStatefulSet(object: KubernetesObject): object is StatefulSet {
  return object.kind === 'StatefulSet'
}

function isDaemonSet(object: KubernetesObject): object is DaemonSet {
  return object.kind === 'DaemonSet'
}

/** With defaults. */
function forceOf<T extends KubernetesObject & { readonly spec: unknown }>(
  key: ObjectKey,
  isSame: (object: KubernetesObject) => object is T,
  { snapshot, wanted }: World,
): T | undefined {
  const desired = wanted.get(key)
  if (desired === undefined || !isSame(desired.object) || !isSame(desired.written)) return undefined
  const { object, written } = desired
  const record = snapshot.records.get(key)
  const force = inForce({ desired, object, written, record, pods: [] }, isSame)
  // Its author lets it be removed and made anew.
  const isReplaced = force.refused.length > 0 && written.metadata?.annotations?.[REPLACE] === 'true'
  return isReplaced ? undefined : force.object
}

/** Pods of the plan's object before it, and which of them it takes away. */
interface Change {
  readonly pods: readonly PodView[]
  readonly made: readonly PodAction[]
  /** By our own doing: not for a more important pod, nor because of a taint. */
  readonly taken: ReadonlySet<PodUid>
}

function changeOf(key: ObjectKey, actions: readonly PodAction[], { byObject }: World): Change {
  const pods = byObject.get(key) ?? []
  const known = new Set(pods.map(({ uid }) => uid))
  const taken = actions.flatMap((action) =>
    action.kind === 'deletePod' && (action.disrupts === undefined || action.disrupts === 'rollout')
      ? [action.uid]
      : [],
  )
  const made = actions.filter(({ kind, uid }) => kind === 'createPod' && !known.has(uid))
  return { pods, made, taken: new Set(taken) }
}

function statefulViolations(
  key: ObjectKey,
  set: StatefulSet,
  actions: readonly PodAction[],
  world: World,
): readonly Violation[] {
  const { name } = keyParts(key)
  const { minReadySeconds = 0, ordinals, podManagementPolicy, replicas = 1 } = set.spec
  const start = ordinals?.start ?? 0
  const { made, pods, taken } = changeOf(key, actions, world)
  const ordinalIn = (pod: string): number | undefined => ordinalOf(name, pod.slice(pod.indexOf('/') + 1))
  const inRange = (ordinal: number | undefined): ordinal is number =>
    ordinal !== undefined && ordinal >= start && ordinal < start + replicas
  const serving = pods.filter(
    (pod) => isActive(pod) && isAvailable(pod, minReadySeconds, world.context.nowMs),
  )
  const up = serving.filter(({ label }) => inRange(ordinalIn(label)))
  const left = up.filter(({ uid }) => !taken.has(uid))
  const found: Violation[] = []
  const broken = (invariant: string, message: string): void => {
    found.push({ invariant, object: key, message })
  }
  const floor = replicas - maxUnavailableOf(set)
  if (left.length < up.length && left.length < floor)
    broken(
      FLOOR,
      `deleting ${up.length - left.length} available pods leaves ${left.length} of ${replicas} wanted`,
    )
  const below = new Set(left.map(({ label }) => ordinalIn(label)))
  for (const { pod } of made) {
    const ordinal = ordinalIn(pod)
    if (!inRange(ordinal))
      broken('a StatefulSet has its ordinals only', `${pod} is none of ${replicas} from ${start}`)
    else if (podManagementPolicy !== 'Parallel') {
      for (let other = start; other < ordinal; other++)
        if (!below.has(other)) broken(IN_ORDER, `${pod} is made, and ordinal ${other} is not available`)
    }
  }
  return podManagementPolicy === 'Parallel' ? found : [...found, ...scaleDownOrder(key, set, actions, world)]
}

const FLOOR = "available pods stay at the rollout's floor"
const IN_ORDER = 'a StatefulSet comes and goes in order'

/** Pods that are too many go one by one, the highest ordinal first. */
function scaleDownOrder(
  key: ObjectKey,
  { spec }: StatefulSet,
  actions: readonly PodAction[],
  world: World,
): readonly Violation[] {
  const { name } = keyParts(key)
  const start = spec.ordinals?.start ?? 0
  const { pods, taken } = changeOf(key, actions, world)
  const tooMany = pods.flatMap(({ label, uid }) => {
    const ordinal = ordinalOf(name, label.slice(label.indexOf('/') + 1)) ?? -1
    return ordinal >= 0 && (ordinal < start || ordinal >= start + (spec.replicas ?? 1))
      ? [{ ordinal, uid, label }]
      : []
  })
  const highest = Math.max(...tooMany.map(({ ordinal }) => ordinal))
  return tooMany
    .filter(({ ordinal, uid }) => taken.has(uid) && ordinal < highest)
    .map(({ label }) => ({
      invariant: IN_ORDER,
      object: key,
      message: `${label} goes before ordinal ${highest} has gone`,
    }))
}

function daemonViolations(
  key: ObjectKey,
  set: DaemonSet,
  actions: readonly PodAction[],
  world: World,
): readonly Violation[] {
  const { made, pods, taken } = changeOf(key, actions, world)
  const { minReadySeconds = 0, template } = set.spec
  const wanted = knownNodes(world.snapshot).filter((node) => fitOf(template.spec, node).shouldRun)
  const { maxSurge, maxUnavailable } = daemonLimits(set, wanted.length)
  const found: Violation[] = []
  const onNode = Map.groupBy(pods, ({ node }) => node)
  for (const { node, pod } of made) {
    const there = onNode.get(node) ?? []
    if (there.length > (maxSurge > 0 ? 1 : 0)) {
      const message = `making ${pod} on ${node}, which has ${there.length} already`
      found.push({ invariant: 'a DaemonSet has one pod on a node', object: key, message })
    }
  }
  const serves = (pod: PodView): boolean =>
    isActive(pod) && isAvailable(pod, minReadySeconds, world.context.nowMs)
  const served = wanted.filter(({ name }) => onNode.get(name)?.some(serves) === true)
  const left = served.filter(
    ({ name }) => onNode.get(name)?.some((pod) => serves(pod) && !taken.has(pod.uid)) === true,
  )
  if (left.length < served.length && left.length < wanted.length - maxUnavailable) {
    const message = `deleting pods leaves ${left.length} of ${wanted.length} nodes with an available one`
    found.push({ invariant: FLOOR, object: key, message })
  }
  return found
}
