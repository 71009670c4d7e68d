import { Cron } from 'croner'
import { goDurationMs, readFields } from './scheduleText.ts'

/** When a CronJob's Jobs fall due. */
export type Schedule = Calendar | Interval

/** By the clock on the wall in a time zone. */
export interface Calendar {
  readonly kind: 'calendar'
  readonly timeZone: string
  /** Knows the calendar, and nothing of time zones: what it is asked and what it answers are times on the wall. */
  readonly wall: Cron
}

/** `@every`: so long after the last one. */
export interface Interval {
  readonly kind: 'interval'
  /** Whole seconds, at least one. */
  readonly everyMs: number
}

export type ScheduleReading =
  | { readonly kind: 'schedule'; readonly schedule: Schedule }
  | { readonly kind: 'error'; readonly message: string }

/** Kubernetes takes the zone of its controller's machine, which is UTC nearly everywhere; so does a schedule here. */
export const DEFAULT_TIME_ZONE = 'UTC'

/** What Kubernetes accepts (`cron.ParseStandard`, github.com/robfig/cron v3), and nothing else. The zone must be one that there is. */
export function readSchedule(text: string, timeZone: string = DEFAULT_TIME_ZONE): ScheduleReading {
  const trimmed = text.trim()
  if (/TZ=/.test(trimmed))
    return { kind: 'error', message: 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead' }
  if (trimmed.startsWith('@every ')) return readInterval(trimmed)
  const reading = readFields(trimmed)
  if (reading.kind === 'error') return reading
  const wall = new Cron(reading.fields, { mode: '5-part', paused: true, utcOffset: 0 })
  return { kind: 'schedule', schedule: { kind: 'calendar', timeZone, wall } }
}

function readInterval(text: string): ScheduleReading {
  const ms = goDurationMs(text.slice('@every '.length).trim())
  if (ms === undefined) return { kind: 'error', message: `failed to parse duration ${text}` }
  const everyMs = Math.max(1000, Math.floor(ms / 1000) * 1000)
  return { kind: 'schedule', schedule: { kind: 'interval', everyMs } }
}

/** Why Kubernetes would refuse this `timeZone`; undefined when it is good. */
export function timeZoneProblem(name: string): string | undefined {
  if (name === '') return 'timeZone must be nil or non-empty string'
  if (name.toLowerCase() === 'local')
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
  const known = zoneId(name)
  if (known === undefined) return `unknown time zone ${name}`
  return known === name ? undefined : `unknown time zone ${name}; did you mean ${known}?`
}

/** As the database writes it; undefined when it has none of this name. An offset such as `+01:00` is no name. */
function zoneId(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId
  } catch {
    return undefined
  }
}

/** On no day of any year, as the 30th of February. */
export function isNeverDue(schedule: Schedule): boolean {
  return schedule.kind === 'calendar' && schedule.wall.nextRun('2000-01-01T00:00:00') === null
}

/** Enough for the next 29th of February in a zone that changes its offset four times a year. */
const STRETCHES_MAX = 40

/**
 * The first time that is due after `after`; undefined when there is none in many years. As in Kubernetes, a schedule is due at every
 * instant at which the clock on the wall shows it: a time that is left out in spring is not due, one that comes twice in autumn is
 * due twice.
 */
export function nextAfter(schedule: Schedule, after: Temporal.Instant): Temporal.Instant | undefined {
  return schedule.kind === 'interval' ? nextInterval(after, schedule.everyMs) : nextOnWall(schedule, after)
}

function nextInterval(after: Temporal.Instant, everyMs: number): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(after.epochMilliseconds / 1000) * 1000 + everyMs)
}

/** From one change of the zone's offset to the next the wall's clock runs evenly: the calendar is asked stretch by stretch. */
function nextOnWall({ timeZone, wall }: Calendar, after: Temporal.Instant): Temporal.Instant | undefined {
  // Whole seconds, as the library counts; what is due is due at a whole minute.
  let seconds = Math.floor(after.epochMilliseconds / 1000)
  let here = after.toZonedDateTimeISO(timeZone)
  for (let stretch = 0; stretch < STRETCHES_MAX; stretch++) {
    const offset = here.offsetNanoseconds / 1e9
    const found = wall.nextRun(wallText(seconds + offset))
    if (found === null) return undefined
    const due = found.getTime() / 1000 - offset
    const change = here.getTimeZoneTransition('next')
    if (change === null || due * 1000 < change.epochMilliseconds)
      return Temporal.Instant.fromEpochMilliseconds(due * 1000)
    // The change's own second may be due already.
    seconds = change.epochMilliseconds / 1000 - 1
    here = change
  }
  return undefined
}

function wallText(seconds: number): string {
  return Temporal.Instant.fromEpochMilliseconds(seconds * 1000)
    .toString()
    .slice(0, 19)
}

/** What fell due in a span of time. */
export interface Missed {
  /** The last one that fell due; undefined when none did. */
  readonly last: Temporal.Instant | undefined
  /** How many, none counted after the `most`-th. */
  readonly count: number
}

/** After `after` and not later than `now`. */
export function missedBetween(
  schedule: Schedule,
  after: Temporal.Instant,
  now: Temporal.Instant,
  most: number,
): Missed {
  let last: Temporal.Instant | undefined
  let count = 0
  for (let due = nextAfter(schedule, after); isUntil(due, now); due = nextAfter(schedule, due)) {
    last = due
    count += 1
    if (count >= most) return { last: lastUntil(schedule, due, now), count }
  }
  return { last, count }
}

function isUntil(due: Temporal.Instant | undefined, now: Temporal.Instant): due is Temporal.Instant {
  return due !== undefined && Temporal.Instant.compare(due, now) <= 0
}

/** The last one until `now`, of which `known` is an early one: looked for in a span before `now` that grows until it has one. */
function lastUntil(
  schedule: Schedule,
  known: Temporal.Instant,
  now: Temporal.Instant,
): Temporal.Instant | undefined {
  const untilMs = now.epochMilliseconds
  const knownMs = known.epochMilliseconds
  if (schedule.kind === 'interval') {
    const times = Math.floor((untilMs - knownMs) / schedule.everyMs)
    return Temporal.Instant.fromEpochMilliseconds(knownMs + times * schedule.everyMs)
  }
  for (let spanMs = 120_000; ; spanMs *= 2) {
    const from = Temporal.Instant.fromEpochMilliseconds(Math.max(knownMs - 1000, untilMs - spanMs))
    let found: Temporal.Instant | undefined
    for (let due = nextAfter(schedule, from); isUntil(due, now); due = nextAfter(schedule, due)) found = due
    if (found !== undefined || from.epochMilliseconds < knownMs) return found
  }
}
