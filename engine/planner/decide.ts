import { keyParts, type ObjectKey } from '../api/names.ts'
import type { Violation } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { DesiredObject } from '../api/snapshot.ts'
import type { Decision } from '../controllers/decision.ts'
import { deploymentDecision } from '../controllers/deployment.ts'
import { removalDecision } from '../controllers/gc.ts'
import { podDecision } from '../controllers/pod.ts'
import type { OwnedSet } from '../controllers/replicaset.ts'
import { inOrder, thrown, type World, type WorldPod } from './world.ts'

export interface Decisions {
  /** What has left the commit first, then the commit's objects by key. */
  readonly decisions: readonly Decision[]
  readonly violations: readonly Violation[]
}

export function decide(world: World): Decisions {
  const violations: Violation[] = []
  const decisions = [...removals(world)]
  for (const desired of inOrder([...world.snapshot.desired.objects.values()], ({ key }) => key)) {
    try {
      const decision = decisionFor(desired, world)
      if (decision !== undefined) decisions.push(decision)
    } catch (error) {
      violations.push(thrown(desired.key, error))
    }
  }
  return { decisions, violations }
}

function decisionFor(desired: DesiredObject, world: World): Decision | undefined {
  const { object, written } = desired
  if (object.kind === 'Deployment' && written.kind === 'Deployment') {
    const { records } = world.snapshot
    return deploymentDecision(
      {
        desired,
        deployment: object,
        written,
        record: records.get(desired.key),
        sets: setsOf(desired.key, world),
        isTaken: (key) => records.has(key),
      },
      world.context,
    )
  }
  if (object.kind === 'Pod' && written.kind === 'Pod') {
    return podDecision(desired, written, world.bare.get(desired.key) ?? [], world.context)
  }
  // Namespaces, ServiceAccounts, ConfigMaps and Secrets are healthy by being there.
  return undefined
}

function setsOf(deployment: ObjectKey, { owned, sets }: World): readonly OwnedSet[] {
  return (sets.get(deployment) ?? []).map((set) => ({ set, pods: owned.get(set.uid) ?? [] }))
}

/** What the nodes have and the commit has not: Deployments' pods first, then the pods that stand alone. */
function removals(world: World): readonly Decision[] {
  const { objects } = world.snapshot.desired
  const unwanted = world.pods.filter((pod) => !isWanted(pod, world))
  const groups = Map.groupBy(unwanted, ({ object }) => object)
  const records = recordsToDrop(world)
  const keys = new Set<ObjectKey>([...groups.keys(), ...records.keys()])
  const ordered = inOrder([...keys], (key) => `${keyParts(key).kind === 'Pod' ? 1 : 0}${key}`)
  return ordered.map((object) =>
    removalDecision({
      object,
      reason: objects.has(object) ? 'its ReplicaSet is gone' : goneReason(object),
      pods: (groups.get(object) ?? []).map(({ view }) => view),
      // What was never read may be pods that need them.
      records: world.unread.length > 0 ? [] : (records.get(object) ?? []),
    }),
  )
}

function goneReason(object: ObjectKey): string {
  const { kind, name, namespace } = keyParts(object)
  return kind === 'Pod'
    ? 'is no longer in the repository'
    : `${kind} ${namespace}/${name} is no longer in the repository`
}

/** Its own object is in the commit; for a Deployment's pod also its ReplicaSet is on record. */
function isWanted({ object, owner, view }: WorldPod, { snapshot, sets }: World): boolean {
  const wanted = snapshot.desired.objects.get(object)
  if (wanted === undefined) return false
  if (owner === undefined || wanted.object.kind !== 'Deployment') return true
  return sets.get(object)?.some((set) => set.uid === owner.uid) ?? view.deleting
}

/** Records of Deployments that the commit does not have: their ReplicaSets', then their own. */
function recordsToDrop({ sets, snapshot }: World): ReadonlyMap<ObjectKey, readonly ObjectRecord[]> {
  const { desired, records } = snapshot
  const found = new Map<ObjectKey, ObjectRecord[]>()
  for (const [deployment, group] of sets) {
    if (!desired.objects.has(deployment))
      found.set(
        deployment,
        group.map(({ record }) => record),
      )
  }
  for (const record of records.values()) {
    if (record.object.kind !== 'Deployment' || desired.objects.has(record.key)) continue
    found.set(record.key, [...(found.get(record.key) ?? []), record])
  }
  return found
}
