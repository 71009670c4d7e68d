import type { CronJobSpec } from '../../api/generated/types.ts'
import { isNeverDue, readSchedule, timeZoneProblem } from '../../api/schedule.ts'
import type { CheckContext } from '../context.ts'

const EXAMPLE =
  'five fields (minute hour day-of-month month day-of-week) such as "30 4 * * 1-5", or @daily and the like'

/** What Kubernetes' API server refuses, and what it takes and never starts. */
export function checkSchedule(context: CheckContext, { schedule, timeZone }: CronJobSpec): void {
  const problem = timeZone === undefined ? undefined : timeZoneProblem(timeZone)
  if (problem !== undefined) context.error(['spec', 'timeZone'], problem)
  const reading = readSchedule(schedule)
  if (reading.kind === 'error') context.error(['spec', 'schedule'], reading.message, EXAMPLE)
  else if (isNeverDue(reading.schedule)) {
    const message = `${JSON.stringify(schedule)} never comes due: no year has such a day`
    context.error(['spec', 'schedule'], message)
  }
}
