import type { KubernetesObject } from '../api/generated/types.ts'
import type { ObjectKey } from '../api/names.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { DesiredObject } from '../api/snapshot.ts'
import { cronJobDecision } from '../controllers/cronJob.ts'
import { cronRuns, doneWith, runOf } from '../controllers/cronJobRuns.ts'
import { daemonSetDecision } from '../controllers/daemonset.ts'
import type { Decision, WorkloadInput } from '../controllers/decision.ts'
import { deploymentDecision } from '../controllers/deployment.ts'
import { jobDecision } from '../controllers/job.ts'
import { replicaSetDecision } from '../controllers/ownReplicaset.ts'
import { podDecision } from '../controllers/pod.ts'
import type { OwnedSet } from '../controllers/replicaset.ts'
import { statefulSetDecision } from '../controllers/statefulset.ts'
import { knownNodes } from './knownNodes.ts'
import type { World } from './world.ts'

type Kind = KubernetesObject['kind']
type OfKind<K extends Kind> = Extract<KubernetesObject, { readonly kind: K }>
type Decider = (desired: DesiredObject, world: World) => Decision | undefined

/** The controller of each kind that has one. The others (Namespaces, ConfigMaps ...) are healthy by being there. */
const DECIDERS: ReadonlyMap<Kind, Decider> = new Map([
  decider('Deployment', ({ desired, object, written, record }, world) =>
    deploymentDecision(
      {
        desired,
        deployment: object,
        written,
        record,
        sets: setsOf(desired.key, world),
        isTaken: isTaken(world),
      },
      world.context,
    ),
  ),
  decider('DaemonSet', (input, world) => {
    const children = world.children.get(input.desired.key) ?? []
    const nodes = knownNodes(world.snapshot)
    return daemonSetDecision({ ...input, children, nodes, isTaken: isTaken(world) }, world.context)
  }),
  decider('StatefulSet', (input, { children, context, snapshot, wanted }) =>
    statefulSetDecision(
      {
        ...input,
        children: children.get(input.desired.key) ?? [],
        recordOf: (key) => snapshot.records.get(key),
        isWritten: (key) => wanted.has(key),
      },
      context,
    ),
  ),
  decider('Job', (input, world) =>
    jobDecision({ ...input, doneWith: reasonToGo(input.record, world) }, world.context),
  ),
  decider('CronJob', (input, world) => {
    const runs = cronRuns(world.snapshot.records).get(input.desired.key) ?? []
    return cronJobDecision({ ...input, runs, isTaken: isTaken(world) }, world.context)
  }),
  decider('ReplicaSet', (input, { context }) => replicaSetDecision(input, context)),
  decider('Pod', ({ desired, pods, written }, { context }) => podDecision(desired, written, pods, context)),
])

/** Undefined for an object that wants nothing of anybody. */
export function decisionFor(desired: DesiredObject, world: World): Decision | undefined {
  return DECIDERS.get(desired.object.kind)?.(desired, world)
}

function decider<K extends Kind>(
  kind: K,
  decide: (input: WorkloadInput<OfKind<K>>, world: World) => Decision,
): readonly [Kind, Decider] {
  const decideOne: Decider = (desired, world) => {
    const { key, object, written } = desired
    if (!isKind(object, kind) || !isKind(written, kind)) return undefined
    const record = world.snapshot.records.get(key)
    return decide({ desired, object, written, record, pods: world.byObject.get(key) ?? [] }, world)
  }
  return [kind, decideOne]
}

function isKind<K extends Kind>(object: KubernetesObject, kind: K): object is OfKind<K> {
  return object.kind === kind
}

function isTaken({ snapshot, wanted }: World): (key: ObjectKey) => boolean {
  return (key) => snapshot.records.has(key) || wanted.has(key)
}

/** Why the CronJob that made a Job wants it no more. */
function reasonToGo(record: ObjectRecord | undefined, { snapshot }: World): string | undefined {
  const { desired, records } = snapshot
  const run = record === undefined ? undefined : runOf(record)
  const cronJob = run === undefined ? undefined : desired.objects.get(run.cronJob)?.object
  if (run === undefined || cronJob?.kind !== 'CronJob') return undefined
  return doneWith(run, cronRuns(records).get(run.cronJob) ?? [], cronJob.spec, records.get(run.cronJob))
}

function setsOf(deployment: ObjectKey, { owned, sets }: World): readonly OwnedSet[] {
  return (sets.get(deployment) ?? []).map((set) => ({ set, pods: owned.get(set.uid) ?? [] }))
}
