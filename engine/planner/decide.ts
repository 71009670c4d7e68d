import { keyParts, type ObjectKey, objectKey } from '../api/names.ts'
import type { Violation } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import { controllerOf } from '../api/owners.ts'
import type { Decision } from '../controllers/decision.ts'
import { removalDecision } from '../controllers/gc.ts'
import { decisionFor } from './deciders.ts'
import { inOrder } from './inOrder.ts'
import type { World } from './world.ts'
import { isAnothers } from './worldIndex.ts'
import { thrown, type WorldPod } from './worldPods.ts'

export interface Decisions {
  /** What has left the commit first, then the commit's objects by key. */
  readonly decisions: readonly Decision[]
  readonly violations: readonly Violation[]
}

export function decide(world: World): Decisions {
  const violations: Violation[] = []
  const decisions = [...removals(world)]
  for (const desired of inOrder([...world.wanted.values()], ({ key }) => key)) {
    try {
      const decision = decisionFor(desired, world)
      if (decision !== undefined) decisions.push(decision)
    } catch (error) {
      violations.push(thrown(desired.key, error))
    }
  }
  return { decisions, violations }
}

/** What is answerable for a ReplicaSet or a revision is not that record itself, but the object that made it. */
const HELD_BY_OWNER = new Set(['ReplicaSet', 'ControllerRevision'])

/** A claim's record goes with its data, when both are to go, a node's with its taints, the engine's memory with the root: not because no commit speaks of it. */
const GO_OTHERWISE = new Set(['Binding', 'Kept', 'Node', 'PersistentVolumeClaim', 'Sync'])

/** What the nodes have and the commit has not: Deployments' pods first, then the pods that stand alone. */
function removals(world: World): readonly Decision[] {
  const unwanted = inOrder(unwantedPods(world), ({ view }) => view.key)
  const groups = Map.groupBy(unwanted, ({ object }) => object)
  const records = recordsToDrop(world)
  const keys = new Set<ObjectKey>([...groups.keys(), ...records.keys()])
  const ordered = inOrder([...keys], (key) => `${keyParts(key).kind === 'Pod' ? 1 : 0}${key}`)
  return ordered.map((object) =>
    removalDecision({
      object,
      reason: world.wanted.has(object) ? strayReason(object) : goneReason(object),
      pods: (groups.get(object) ?? []).map(({ view }) => view),
      // What was never read may be pods that need them.
      records: world.unread.length > 0 ? [] : (records.get(object) ?? []),
    }),
  )
}

/** Pods of one owner have the answer in common, but where it is for each pod to say (a Deployment without any ReplicaSet). */
function unwantedPods(world: World): readonly WorldPod[] {
  const found = world.bare.filter((pod) => !isWanted(pod, world))
  for (const group of world.groups.values()) {
    const [first] = group
    if (first === undefined) continue
    const alike = keyParts(first.object).kind !== 'Deployment' || world.sets.has(first.object)
    if (!alike) found.push(...group.filter((pod) => !isWanted(pod, world)))
    else if (!isWanted(first, world)) found.push(...group)
  }
  return found
}

function strayReason(object: ObjectKey): string {
  const { kind, name, namespace } = keyParts(object)
  return kind === 'Deployment'
    ? 'its ReplicaSet is gone'
    : `was made by another ${kind} ${namespace}/${name} than the one of now`
}

function goneReason(object: ObjectKey): string {
  const { kind, name, namespace } = keyParts(object)
  return kind === 'Pod'
    ? 'is no longer in the repository'
    : `${kind} ${namespace}/${name} is no longer in the repository`
}

/** Its own object is wanted, and is the one that made it; for a Deployment's pod also its ReplicaSet is on record. */
function isWanted(pod: WorldPod, { snapshot, sets, wanted }: World): boolean {
  const { object, owner, view } = pod
  const desired = wanted.get(object)
  if (desired === undefined || isAnothers(pod, snapshot.records)) return false
  if (owner === undefined || desired.object.kind !== 'Deployment') return true
  return sets.get(object)?.some((set) => set.uid === owner.uid) ?? view.deleting
}

/** Records of objects that are not wanted: what they made before them, so that an interrupted removal is taken up again. */
function recordsToDrop({ snapshot, wanted }: World): ReadonlyMap<ObjectKey, readonly ObjectRecord[]> {
  const found = new Map<ObjectKey, ObjectRecord[]>()
  const unwanted = [...snapshot.records.values()].filter(
    (record) => !wanted.has(answerable(record)) && !GO_OTHERWISE.has(record.object.kind),
  )
  for (const record of inOrder(unwanted, ({ key }) => key)) {
    const object = answerable(record)
    const group = found.get(object) ?? []
    found.set(object, record.key === object ? [...group, record] : [record, ...group])
  }
  return found
}

function answerable(record: ObjectRecord): ObjectKey {
  const owner = controllerOf(record.object.metadata)
  if (owner === undefined || !HELD_BY_OWNER.has(record.object.kind)) return record.key
  return objectKey(owner.kind, keyParts(record.key).namespace, owner.name)
}
