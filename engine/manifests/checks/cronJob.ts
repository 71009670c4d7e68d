import type { CronJob } from '../../api/generated/types.ts'
import { isNeverDue, readSchedule, timeZoneProblem } from '../../api/schedule.ts'
import type { CheckContext } from '../context.ts'
import { didYouMean } from '../suggestions.ts'
import { checkJobSpec } from './jobs.ts'
import { checkLabels } from './metadata.ts'

export function checkCronJob(context: CheckContext, cronJob: CronJob): void {
  if (!context.intact(['spec'])) return
  if (context.sound(['spec', 'schedule']) && context.sound(['spec', 'timeZone']))
    checkSchedule(context, cronJob)
  const { jobTemplate } = cronJob.spec
  if (!context.intact(['spec', 'jobTemplate'])) return
  const path = ['spec', 'jobTemplate', 'spec']
  checkLabels(context, ['spec', 'jobTemplate', 'metadata', 'labels'], jobTemplate.metadata?.labels)
  const job = jobTemplate.spec
  if (job === undefined) return context.error(path, 'required field is missing')
  if (!context.intact(path)) return
  if (job.selector !== undefined) context.error([...path, 'selector'], 'will be generated', 'leave it out')
  if (job.manualSelector === true)
    context.error(
      [...path, 'manualSelector'],
      'may not be true: each Job selects its own pods',
      'leave it out',
    )
  checkJobSpec(context, path, job)
}

function checkSchedule(context: CheckContext, { spec }: CronJob): void {
  const { schedule, timeZone } = spec
  const zone = timeZone === undefined ? undefined : timeZoneProblem(timeZone)
  if (zone !== undefined) {
    const { suggestion = 'such as Europe/Berlin or Etc/UTC' } = didYouMean(
      timeZone ?? '',
      Intl.supportedValuesOf('timeZone'),
    )
    context.error(['spec', 'timeZone'], zone, suggestion)
  }
  const reading = readSchedule(schedule)
  const path = ['spec', 'schedule']
  if (reading.kind === 'error') {
    const hint = 'five fields (minute hour day month weekday), or @hourly'
    context.error(path, `${JSON.stringify(schedule)} is no schedule: ${reading.message}`, hint)
  } else if (isNeverDue(reading.schedule)) {
    context.error(path, `${JSON.stringify(schedule)} never comes due: no month in it has such a day`)
  }
}
