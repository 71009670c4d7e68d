import type { Job } from '../../../../engine/api/generated/types.ts'
import { keyParts, objectKey } from '../../../../engine/api/names.ts'
import type { ObjectRecord } from '../../../../engine/api/records.ts'
import { Endings, type Law, type LawContext } from './law.ts'
import { endOf } from './jobs.ts'

const SCHEDULED = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** A CronJob never runs one scheduled time twice, and keeps its concurrencyPolicy. */
export function cronJobLaw(context: LawContext): Law {
  const { fleet } = context
  const endings = new Endings(context)
  /** By CronJob's uid and scheduled time: the uid of its Job. */
  const ran = new Map<string, string>()
  const known = new Set<string>()
  return {
    seeCommit: () => endings.seeCommit(),
    seeRecord: (key, record) => {
      const job = record && jobOf(record)
      const owner = job?.metadata?.ownerReferences?.find(({ kind }) => kind === 'CronJob')
      const uid = job?.metadata?.uid
      if (job === undefined || owner === undefined || uid === undefined || known.has(uid)) return []
      known.add(uid)
      const { name } = keyParts(key)
      const at = job.metadata?.annotations?.[SCHEDULED]
      if (at === undefined) return [`Job ${name} does not say for which time it was made`]
      const time = `${owner.uid} ${Date.parse(at)}`
      const before = ran.get(time)
      ran.set(time, uid)
      const broken = before === undefined ? [] : [`Job ${name} is the second one for ${at}`]
      const cronJob = fleet.desired.objects.get(objectKey('CronJob', 'default', owner.name))?.object
      if (cronJob?.kind !== 'CronJob' || !endings.isSettled) return broken
      if (cronJob.spec.suspend === true)
        broken.push(`Job ${name} was made although ${owner.name} is suspended`)
      const { concurrencyPolicy = 'Allow' } = cronJob.spec
      const others = unfinished([...fleet.head.objectRecords.values()], owner.uid, uid)
      if (concurrencyPolicy !== 'Allow' && others.length > 0)
        broken.push(`Job ${name} was made beside ${others.join(', ')}; the policy is ${concurrencyPolicy}`)
      return broken
    },
  }
}

function jobOf({ object }: ObjectRecord): Job | undefined {
  return object.kind === 'Job' ? (object as Job) : undefined
}

function unfinished(records: readonly ObjectRecord[], cronJobUid: string, but: string): readonly string[] {
  return records
    .map(jobOf)
    .filter((job) => job !== undefined)
    .filter(
      ({ metadata }) =>
        metadata?.uid !== but && metadata?.ownerReferences?.some(({ uid }) => uid === cronJobUid),
    )
    .filter((job) => endOf(job) === undefined)
    .map(({ metadata }) => metadata?.name ?? '')
}
