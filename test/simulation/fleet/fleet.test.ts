import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../../engine/api/generated/types.ts'
import type { Plan } from '../../../engine/api/plan.ts'
import type { Snapshot } from '../../../engine/api/snapshot.ts'
import { plan } from '../../../engine/planner/plan.ts'
import { live } from './life.ts'

const SEEDS = 60
const RANDOM_SEEDS = 5
/** A bug that these many worlds do not show would be found too late. */
const SEEDS_TO_FIND = 1_000
/** Far longer than it takes, on however slow a machine. */
const PATIENT = { timeout: 600_000 }

test(
  'whatever happens to a fleet, nothing that must not happen does, and it comes to what the last commit says',
  PATIENT,
  async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) await isWell(seed)
  },
)

test('nor does it in worlds that nobody has seen before', PATIENT, async () => {
  const first = 1_000_000 + Math.floor(Math.random() * 1_000_000_000)
  for (let seed = first; seed < first + RANDOM_SEEDS; seed += 1) await isWell(seed)
})

async function isWell(seed: number): Promise<void> {
  const { broken } = await live(seed)
  expect(broken, `see it again with: npm run simulate -- --seed ${seed}`).toEqual([])
}

/** Engines that take a commit for another one, as a wrong bound in a controller would. */
const PLANTED: readonly (readonly [
  bug: string,
  (object: KubernetesObject) => KubernetesObject,
  broken: RegExp,
])[] = [
  ['lets one more pod of a rollout be unavailable', oneMoreUnavailable, /the floor is/],
  ['makes all pods of a rollout at once', allAtOnce, /over its ceiling/],
  ['runs one more pod of a Job at a time', oneMoreAtATime, /its parallelism is/],
  ['begins a CronJob beside the one before', besideTheOneBefore, /the policy is/],
  ['drains a node whatever the budgets say', withoutBudgets, /its budget keeps/],
  ['takes an ordered StatefulSet for a parallel one', inParallel, /is ordered|does not serve/],
]

test.for(PLANTED)('an engine that %s is found out', PATIENT, async ([, mistaken, broken]) => {
  const mistakenPlan = (snapshot: Snapshot, now: Temporal.Instant): Plan =>
    plan(misread(snapshot, mistaken), now)
  for (let seed = 1; seed <= SEEDS_TO_FIND; seed += 1) {
    const result = await live(seed, { plan: mistakenPlan })
    if (result.broken.some((sentence) => broken.test(sentence))) return
  }
  expect.unreachable(`not found in ${SEEDS_TO_FIND} worlds`)
})

const misreadings = new WeakMap<object, Snapshot['desired']>()

function misread(snapshot: Snapshot, mistaken: (object: KubernetesObject) => KubernetesObject): Snapshot {
  const { desired } = snapshot
  const known = misreadings.get(desired)
  if (known !== undefined) return { ...snapshot, desired: known }
  const objects = [...desired.objects].map(
    ([key, one]) => [key, { ...one, object: mistaken(one.object), written: mistaken(one.written) }] as const,
  )
  const wrong = { ...desired, objects: new Map(objects) }
  misreadings.set(desired, wrong)
  return { ...snapshot, desired: wrong }
}

function allAtOnce(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Deployment' || object.spec.strategy?.rollingUpdate === undefined) return object
  const rollingUpdate = { ...object.spec.strategy.rollingUpdate, maxSurge: '100%' }
  return { ...object, spec: { ...object.spec, strategy: { ...object.spec.strategy, rollingUpdate } } }
}

function oneMoreUnavailable(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Deployment' || object.spec.strategy?.rollingUpdate === undefined) return object
  const { rollingUpdate } = object.spec.strategy
  const { maxUnavailable } = rollingUpdate
  if (typeof maxUnavailable !== 'number') return object
  const wrong = { ...rollingUpdate, maxUnavailable: maxUnavailable + 1 }
  return { ...object, spec: { ...object.spec, strategy: { ...object.spec.strategy, rollingUpdate: wrong } } }
}

function oneMoreAtATime(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Job') return object
  return { ...object, spec: { ...object.spec, parallelism: (object.spec.parallelism ?? 1) + 1 } }
}

function besideTheOneBefore(object: KubernetesObject): KubernetesObject {
  return object.kind === 'CronJob'
    ? { ...object, spec: { ...object.spec, concurrencyPolicy: 'Allow' } }
    : object
}

function withoutBudgets(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'PodDisruptionBudget') return object
  const { selector = {} } = object.spec
  return { ...object, spec: { selector, minAvailable: 0 } }
}

function inParallel(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'StatefulSet') return object
  return { ...object, spec: { ...object.spec, podManagementPolicy: 'Parallel' } }
}
