import type { Job, JobStatus } from '../../../../engine/api/generated/types.ts'
import { keyParts, type ObjectKey, type PodUid } from '../../../../engine/api/names.ts'
import type { ObjectRecord } from '../../../../engine/api/records.ts'
import type { Desired } from '../../../../engine/api/snapshot.ts'
import type { SimulatedPod } from '../../../../engine/runtimes/simulated/pod.ts'
import { isAlive, isDeleting, type Law, type LawContext } from './law.ts'

interface JobTruth {
  readonly succeeded: Set<PodUid>
  /** All that ever stood among those to be counted as failed. */
  readonly failed: Set<string>
  /** As last recorded. */
  status: JobStatus
  end: string | undefined
  endedAtMs: number
}

/** A Job never counts one pod twice, never more than what really succeeded, never forgets, and its end is the end. */
export function jobLaw({ fleet, inFlightMs }: LawContext): Law {
  const truths = new Map<string, JobTruth>()
  const truthOf = (uid: string): JobTruth => {
    const known = truths.get(uid)
    if (known !== undefined) return known
    const truth: JobTruth = {
      succeeded: new Set(),
      failed: new Set(),
      status: {},
      end: undefined,
      endedAtMs: 0,
    }
    truths.set(uid, truth)
    return truth
  }
  return {
    seeFact: (fact) => {
      const pod = fleet.podOf(fact.uid)
      const owner = pod && jobUid(pod)
      if (pod === undefined || owner === undefined) return []
      const truth = truthOf(owner)
      if (fact.kind === 'ended' && hasSucceeded(pod)) truth.succeeded.add(pod.uid)
      const isLate = truth.end !== undefined && fleet.clock.elapsedMs > truth.endedAtMs + inFlightMs
      return fact.kind === 'created' && isLate
        ? [`${fact.pod} was made although its Job is ${truth.end}`]
        : []
    },
    seeRecord: (key, record) => {
      const job = record && jobOf(record)
      if (job === undefined) return []
      const truth = truthOf(job.metadata?.uid ?? '')
      const broken = [
        ...miscounted(key, job, truth),
        ...tooMany(key, job, wantedParallelism(key, job, fleet.desired), fleet.pods),
      ]
      truth.status = job.status ?? {}
      if (truth.end === undefined && endOf(job) !== undefined) {
        truth.end = endOf(job)
        truth.endedAtMs = fleet.clock.elapsedMs
      }
      return broken
    },
  }
}

function jobOf({ object }: ObjectRecord): Job | undefined {
  return object.kind === 'Job' ? (object as Job) : undefined
}

function jobUid({ record }: SimulatedPod): string | undefined {
  const [owner] = record.pod.metadata.ownerReferences ?? []
  return owner?.kind === 'Job' ? owner.uid : undefined
}

function hasSucceeded({ containers }: SimulatedPod): boolean {
  return [...containers.values()].every(({ state }) => state.kind === 'exited' && state.exit.exitCode === 0)
}

export function endOf({ status }: Job): string | undefined {
  return status?.conditions?.find(
    ({ status: holds, type }) => holds === 'True' && (type === 'Complete' || type === 'Failed'),
  )?.type
}

function miscounted(key: ObjectKey, job: Job, truth: JobTruth): readonly string[] {
  const { name } = keyParts(key)
  const { failed = 0, succeeded = 0 } = job.status ?? {}
  const before = truth.status
  const end = endOf(job)
  const broken: string[] = []
  if (succeeded > truth.succeeded.size)
    broken.push(`Job ${name} counts ${succeeded} succeeded pods, there were ${truth.succeeded.size}`)
  for (const uid of job.status?.uncountedTerminatedPods?.failed ?? []) truth.failed.add(uid)
  if (failed > truth.failed.size)
    broken.push(`Job ${name} counts ${failed} failed pods, ${truth.failed.size} were there to count`)
  if (succeeded < (before.succeeded ?? 0) || failed < (before.failed ?? 0))
    broken.push(`Job ${name} forgot: ${JSON.stringify(before)} became ${JSON.stringify(job.status)}`)
  if (truth.end !== undefined && end !== truth.end)
    broken.push(`Job ${name} was ${truth.end} and is ${end ?? 'not ended'}`)
  if (end === 'Complete' && succeeded < (job.spec?.completions ?? 1))
    broken.push(`Job ${name} is Complete with ${succeeded} of ${job.spec?.completions}`)
  return broken
}

/** Of a CronJob's Job only the record says it. */
function wantedParallelism(key: ObjectKey, job: Job, { objects }: Desired): number {
  const wanted = objects.get(key)?.object
  return (wanted?.kind === 'Job' ? wanted : job).spec?.parallelism ?? 1
}

function tooMany(
  key: ObjectKey,
  job: Job,
  parallelism: number,
  pods: readonly SimulatedPod[],
): readonly string[] {
  const uid = job.metadata?.uid
  const alive = pods.filter((pod) => jobUid(pod) === uid && isAlive(pod) && !isDeleting(pod)).length
  return alive > parallelism
    ? [`Job ${keyParts(key).name} runs ${alive} pods, its parallelism is ${parallelism}`]
    : []
}
