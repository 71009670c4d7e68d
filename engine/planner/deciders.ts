import type { KubernetesObject } from '../api/generated/types.ts'
import type { ObjectKey } from '../api/names.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { DesiredObject } from '../api/snapshot.ts'
import { cronJobDecision, type CronJobInput, reasonToGo } from '../controllers/cronJob/cronJob.ts'
import { cronRuns, isRemembered, runOf } from '../controllers/cronJob/runs.ts'
import { daemonSetDecision } from '../controllers/daemonset/daemonset.ts'
import type { Decision, WorkloadInput } from '../controllers/decision.ts'
import { deploymentDecision } from '../controllers/deployment/deployment.ts'
import { immutableDataDecision } from '../controllers/changes/immutableData.ts'
import { jobDecision, type JobInput } from '../controllers/job/job.ts'
import { replicaSetDecision } from '../controllers/replicaset/ownReplicaset.ts'
import { podDecision } from '../controllers/pod.ts'
import type { OwnedSet } from '../controllers/replicaset/replicaset.ts'
import { statefulSetDecision } from '../controllers/statefulset/statefulset.ts'
import { knownNodes } from './knownNodes.ts'
import type { World } from './world.ts'

type Kind = KubernetesObject['kind']
type OfKind<K extends Kind> = Extract<KubernetesObject, { readonly kind: K }>
type Decider = (desired: DesiredObject, world: World) => Decision | undefined

/** The controller of each kind that has one. The others (Namespaces, ServiceAccounts ...) are healthy by being there. */
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
    jobDecision({ ...input, ...standingOf(input.record, world) }, world.context),
  ),
  decider('CronJob', (input, world) =>
    cronJobDecision({ ...input, ...runsOf(input.desired.key, world) }, world.context),
  ),
  decider('ReplicaSet', (input, { context }) => replicaSetDecision(input, context)),
  decider('ConfigMap', (input, world) => immutableDataDecision(withHashKey(input, world), world.context)),
  decider('Secret', (input, world) => immutableDataDecision(withHashKey(input, world), world.context)),
  decider('Pod', ({ desired, pods, written }, { context }) => podDecision(desired, written, pods, context)),
])

/** Undefined for an object that wants nothing of anybody. */
export function decisionFor(desired: DesiredObject, world: World): Decision | undefined {
  return DECIDERS.get(desired.object.kind)?.(desired, world)
}

function decider<K extends Kind>(
  kind: K,
  decide: (input: WorkloadInput<OfKind<K>>, world: World) => Decision | undefined,
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

function withHashKey<I>(input: I, { snapshot }: World): I & { readonly hashKey: string } {
  return { ...input, hashKey: snapshot.desired.hashKey ?? '' }
}

function isTaken({ snapshot, wanted }: World): (key: ObjectKey) => boolean {
  return (key) => snapshot.records.has(key) || wanted.has(key)
}

function runsOf(cronJob: ObjectKey, world: World): Pick<CronJobInput, 'runs' | 'isTaken'> {
  return { runs: cronRuns(world.snapshot.records).get(cronJob) ?? [], isTaken: isTaken(world) }
}

/** How the CronJob that made a Job stands to it. */
function standingOf(
  record: ObjectRecord | undefined,
  world: World,
): Pick<JobInput, 'doneWith' | 'isRemembered'> {
  const { desired, records } = world.snapshot
  const run = record === undefined ? undefined : runOf(record)
  const maker = run === undefined ? undefined : desired.objects.get(run.cronJob)
  if (run === undefined || maker?.object.kind !== 'CronJob' || maker.written.kind !== 'CronJob')
    return { doneWith: undefined, isRemembered: true }
  const { object, written } = maker
  const own = { desired: maker, object, written, record: records.get(run.cronJob), pods: [] }
  const input = { ...own, ...runsOf(run.cronJob, world) }
  return {
    doneWith: reasonToGo(input, run, world.context),
    isRemembered: isRemembered(run, input.record),
  }
}

function setsOf(deployment: ObjectKey, { owned, sets }: World): readonly OwnedSet[] {
  return (sets.get(deployment) ?? []).map((set) => ({ set, pods: owned.get(set.uid) ?? [] }))
}
