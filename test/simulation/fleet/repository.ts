import type { KubernetesObject } from '../../../engine/api/generated/types.ts'
import type { Dice } from '../dice.ts'
import {
  type Behaviour,
  budget,
  cronJob,
  daemonSet,
  deployment,
  job,
  pod,
  type PodShape,
  replicaSet,
  statefulSet,
} from './objects.ts'

type Made = 'Pod' | 'Deployment' | 'ReplicaSet' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob'

/** One thing of a repository, from which its manifests are made anew for each commit. */
interface Entry {
  readonly kind: Made
  readonly name: string
  readonly objects: readonly KubernetesObject[]
}

/** A repository that somebody works on: every commit is made from the one before. */
export class RandomRepository {
  readonly #dice: Dice
  #entries: readonly Entry[]
  #made = 0

  constructor(dice: Dice) {
    this.#dice = dice
    this.#entries = Array.from({ length: dice.whole(1, 4) }, () => this.#newEntry())
  }

  get objects(): readonly KubernetesObject[] {
    return this.#entries.flatMap(({ objects }) => objects)
  }

  /** Something is removed, changed or added; sometimes nothing. */
  work(): void {
    const dice = this.#dice
    const kept = this.#entries
      .filter(() => !dice.chance(0.15))
      .map((entry) => (dice.chance(0.5) ? this.#changed(entry) : entry))
    this.#entries = dice.chance(0.3) ? [...kept, this.#newEntry()] : kept
  }

  /** What can come to rest: no CronJob begins anything any more. */
  rest(): void {
    this.#entries = this.#entries.map((entry) => ({ ...entry, objects: entry.objects.map(suspended) }))
  }

  #newEntry(): Entry {
    this.#made += 1
    const kind = this.#dice.pick<Made>(
      'Pod',
      'Deployment',
      'Deployment',
      'ReplicaSet',
      'StatefulSet',
      'StatefulSet',
      'DaemonSet',
      'Job',
      'Job',
      'CronJob',
    )
    const name = `${kind.toLowerCase()}-${this.#made}`
    return { kind, name, objects: objectsOf(kind, name, this.#dice) }
  }

  /** What Kubernetes lets nobody change is made under another name. */
  #changed(entry: Entry): Entry {
    if (entry.kind === 'Job') return this.#newEntry()
    return { ...entry, objects: objectsOf(entry.kind, entry.name, this.#dice) }
  }
}

function suspended(object: KubernetesObject): KubernetesObject {
  return object.kind === 'CronJob' ? { ...object, spec: { ...object.spec, suspend: true } } : object
}

function objectsOf(kind: Made, name: string, dice: Dice): readonly KubernetesObject[] {
  switch (kind) {
    case 'Pod':
      return [pod(name, serving(dice))]
    case 'Deployment':
      return randomDeployment(name, dice)
    case 'ReplicaSet':
      return [replicaSet(name, serving(dice), dice.whole(0, 4))]
    case 'StatefulSet':
      return [randomStatefulSet(name, dice)]
    case 'DaemonSet':
      return [randomDaemonSet(name, dice)]
    case 'Job':
      return [randomJob(name, dice)]
    case 'CronJob':
      return [randomCronJob(name, dice)]
    default:
      return kind satisfies never
  }
}

function shape(dice: Dice, behaviour: Behaviour): PodShape {
  return {
    behaviour,
    tag: dice.whole(1, 9),
    graceSeconds: dice.pick(0, 1, 5, 30),
    probed: dice.chance(0.5),
    restartPolicy: 'Always',
  }
}

function serving(dice: Dice): PodShape {
  return shape(dice, 'serves')
}

function randomDeployment(name: string, dice: Dice): readonly KubernetesObject[] {
  const replicas = dice.whole(0, 5)
  const rollingUpdate = {
    maxSurge: dice.pick<number | string>(1, 2, '25%', '100%'),
    maxUnavailable: dice.pick<number | string>(0, 1, '25%'),
  }
  const strategy = dice.chance(0.2)
    ? ({ type: 'Recreate' } as const)
    : ({ type: 'RollingUpdate', rollingUpdate } as const)
  const minReadySeconds = dice.pick(0, 0, 0, 2, 7)
  const made = deployment(name, serving(dice), { replicas, strategy, minReadySeconds })
  if (!dice.chance(0.4)) return [made]
  // At least one may always go, so that a rollout can come to its end.
  const bounds = dice.chance(0.5)
    ? { maxUnavailable: dice.pick<number | string>(1, '50%') }
    : { minAvailable: Math.max(0, replicas - dice.whole(1, 2)) }
  return [made, budget(name, bounds)]
}

function randomStatefulSet(name: string, dice: Dice): KubernetesObject {
  const replicas = dice.whole(0, 4)
  const partition = dice.chance(0.3) ? { partition: dice.whole(0, replicas) } : {}
  return statefulSet(name, serving(dice), {
    replicas,
    podManagementPolicy: nameParity(name) ? 'OrderedReady' : 'Parallel',
    updateStrategy: dice.chance(0.85)
      ? { type: 'RollingUpdate', rollingUpdate: partition }
      : { type: 'OnDelete' },
    minReadySeconds: dice.pick(0, 0, 0, 3),
    ordinals: { start: dice.pick(0, 0, 0, 2) },
  })
}

/** podManagementPolicy may never be changed, so it follows from the name. */
function nameParity(name: string): boolean {
  return Number(name.split('-').at(-1)) % 2 === 0
}

function randomDaemonSet(name: string, dice: Dice): KubernetesObject {
  const rollingUpdate = dice.chance(0.3)
    ? { maxSurge: 1, maxUnavailable: 0 }
    : { maxUnavailable: dice.pick<number | string>(1, 2, '50%') }
  return daemonSet(name, serving(dice), {
    updateStrategy: dice.chance(0.9) ? { type: 'RollingUpdate', rollingUpdate } : { type: 'OnDelete' },
    minReadySeconds: dice.pick(0, 0, 2),
  })
}

function randomJob(name: string, dice: Dice): KubernetesObject {
  const indexed = dice.chance(0.5)
  const task = shape(
    dice,
    dice.pick<Behaviour>('does-a-task', 'does-a-task', 'fails-at-times', 'always-fails'),
  )
  const completions = dice.whole(1, 6)
  return job(
    name,
    { ...task, probed: false, restartPolicy: dice.chance(0.7) ? 'Never' : 'OnFailure' },
    {
      completions,
      parallelism: dice.whole(1, 3),
      backoffLimit: dice.pick(0, 1, 3),
      completionMode: indexed ? 'Indexed' : 'NonIndexed',
      ...(dice.chance(0.15) && { activeDeadlineSeconds: dice.whole(5, 60) }),
      ...(dice.chance(0.15) && { ttlSecondsAfterFinished: dice.whole(0, 60) }),
    },
  )
}

function randomCronJob(name: string, dice: Dice): KubernetesObject {
  const task = shape(dice, dice.pick<Behaviour>('does-a-task', 'fails-at-times'))
  return cronJob(
    name,
    { ...task, probed: false, restartPolicy: 'Never' },
    {
      schedule: dice.pick('* * * * *', '*/2 * * * *', '*/5 * * * *'),
      concurrencyPolicy: dice.pick('Allow', 'Forbid', 'Replace'),
      successfulJobsHistoryLimit: dice.whole(0, 3),
      failedJobsHistoryLimit: dice.whole(0, 2),
      ...(dice.chance(0.3) && { startingDeadlineSeconds: dice.whole(15, 200) }),
      ...(dice.chance(0.1) && { suspend: true }),
    },
  )
}
