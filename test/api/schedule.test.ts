import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isNeverDue,
  missedBetween,
  nextAfter,
  readSchedule,
  type Schedule,
  timeZoneProblem,
} from '../../engine/api/schedule.ts'

function schedule(text: string, timeZone?: string): Schedule {
  const reading = readSchedule(text, timeZone)
  if (reading.kind === 'error') throw new Error(reading.message)
  return reading.schedule
}

/** The next times as the wall shows them, each with its offset. */
function nexts(text: string, timeZone: string, after: string, count: number): readonly string[] {
  const wanted = schedule(text, timeZone)
  const found: string[] = []
  let from = Temporal.Instant.from(after)
  for (let index = 0; index < count; index++) {
    const next = nextAfter(wanted, from)
    if (next === undefined) return [...found, 'never']
    found.push(next.toZonedDateTimeISO(timeZone).toString({ timeZoneName: 'never' }))
    from = next
  }
  return found
}

const SPRING: readonly (readonly [zone: string, text: string, after: string, expected: readonly string[]])[] =
  [
    // 02:00 becomes 03:00 on 29 March: 02:30 is left out that day.
    [
      'Europe/Berlin',
      '30 2 * * *',
      '2026-03-28T00:00Z',
      ['2026-03-28T02:30:00+01:00', '2026-03-30T02:30:00+02:00'],
    ],
    [
      'Europe/Berlin',
      '*/30 1-3 * * *',
      '2026-03-29T00:10Z',
      ['2026-03-29T01:30:00+01:00', '2026-03-29T03:00:00+02:00', '2026-03-29T03:30:00+02:00'],
    ],
    // 02:00 becomes 03:00 on 8 March.
    [
      'America/New_York',
      '30 2 * * *',
      '2026-03-07T12:00Z',
      ['2026-03-09T02:30:00-04:00', '2026-03-10T02:30:00-04:00'],
    ],
    // robfig/cron's own case: 11 March 2012 had no 02:30, so it is due a year later.
    ['America/New_York', '30 2 11 Mar ?', '2012-03-11T05:00Z', ['2013-03-11T02:30:00-04:00']],
    // 02:00 becomes 02:30 on 4 October: half an hour only.
    [
      'Australia/Lord_Howe',
      '0,15,30 2 * * *',
      '2026-10-03T15:00Z',
      ['2026-10-04T02:30:00+11:00', '2026-10-05T02:00:00+11:00'],
    ],
    // Midnight itself is left out: 24 April begins at 01:00.
    [
      'Africa/Cairo',
      '0 0 * * *',
      '2026-04-22T12:00Z',
      ['2026-04-23T00:00:00+02:00', '2026-04-25T00:00:00+03:00'],
    ],
    [
      'America/Sao_Paulo',
      '@daily',
      '2018-11-02T12:00Z',
      ['2018-11-03T00:00:00-03:00', '2018-11-05T00:00:00-02:00'],
    ],
  ]

test.each(SPRING)(
  'in spring a time that the wall leaves out in %s is not due: %s',
  (zone, text, after, expected) => {
    expect(nexts(text, zone, after, expected.length)).toEqual(expected)
  },
)

const AUTUMN: typeof SPRING = [
  // 03:00 becomes 02:00 on 25 October.
  [
    'Europe/Berlin',
    '30 2 * * *',
    '2026-10-24T12:00Z',
    ['2026-10-25T02:30:00+02:00', '2026-10-25T02:30:00+01:00', '2026-10-26T02:30:00+01:00'],
  ],
  // An hourly one runs at every hour that passes.
  [
    'Europe/Berlin',
    '@hourly',
    '2026-10-24T23:30Z',
    ['2026-10-25T02:00:00+02:00', '2026-10-25T02:00:00+01:00', '2026-10-25T03:00:00+01:00'],
  ],
  // 02:00 becomes 01:00 on 1 November.
  [
    'America/New_York',
    '30 1 * * *',
    '2026-10-31T12:00Z',
    ['2026-11-01T01:30:00-04:00', '2026-11-01T01:30:00-05:00', '2026-11-02T01:30:00-05:00'],
  ],
  // robfig/cron's own cases.
  ['America/New_York', '30 2 04 Nov ?', '2012-11-04T04:00Z', ['2012-11-04T02:30:00-05:00']],
  ['America/New_York', '30 1 04 Nov ?', '2012-11-04T05:45Z', ['2012-11-04T01:30:00-05:00']],
  // 02:00 becomes 01:30 on 5 April.
  [
    'Australia/Lord_Howe',
    '45 1 * * *',
    '2026-04-04T12:00Z',
    ['2026-04-05T01:45:00+11:00', '2026-04-05T01:45:00+10:30', '2026-04-06T01:45:00+10:30'],
  ],
]

test.each(AUTUMN)(
  'in autumn a time that comes twice in %s is due twice: %s',
  (zone, text, after, expected) => {
    expect(nexts(text, zone, after, expected.length)).toEqual(expected)
  },
)

const CALENDAR: readonly (readonly [text: string, after: string, expected: readonly string[]])[] = [
  ['0/15 * * * *', '2012-07-09T14:45Z', ['2012-07-09T15:00', '2012-07-09T15:15']],
  ['20-35/15 * * * *', '2012-07-09T23:45Z', ['2012-07-10T00:20', '2012-07-10T00:35']],
  ['20-35/15 1/2 * * *', '2012-07-09T23:35Z', ['2012-07-10T01:20']],
  ['0 0 9 Apr-Oct ?', '2012-07-09T23:35Z', ['2012-08-09T00:00']],
  ['0 0 * Feb Mon', '2012-07-09T23:35Z', ['2013-02-04T00:00']],
  ['0 0 * Feb Mon/2', '2012-07-09T23:35Z', ['2013-02-01T00:00', '2013-02-04T00:00']],
  ['0 0 29 Feb ?', '2012-07-09T23:35Z', ['2016-02-29T00:00', '2020-02-29T00:00']],
  // Either day field is enough when both are restricted ...
  ['0 0 13 * 5', '2026-02-01T00:00Z', ['2026-02-06T00:00', '2026-02-13T00:00', '2026-02-20T00:00']],
  ['0 0 1,15 * Sun', '2012-07-30T00:00Z', ['2012-08-01T00:00', '2012-08-05T00:00']],
  // ... and a step is a restriction, ...
  ['0 0 */10 * Mon', '2026-06-01T00:00Z', ['2026-06-08T00:00', '2026-06-11T00:00', '2026-06-15T00:00']],
  // ... a step of one is none.
  ['0 0 */1 * Mon', '2026-06-01T00:00Z', ['2026-06-08T00:00']],
  ['0 0 1-31 * Mon', '2026-06-01T00:00Z', ['2026-06-02T00:00']],
  ['*/90 * * * *', '2026-01-01T00:00Z', ['2026-01-01T01:00']],
  ['08 007 * * *', '2026-01-01T00:00Z', ['2026-01-01T07:08']],
  ['1,,2 * * * *', '2026-01-01T00:00Z', ['2026-01-01T00:01', '2026-01-01T00:02', '2026-01-01T01:01']],
  ['@yearly', '2026-01-01T00:00Z', ['2027-01-01T00:00']],
  ['@annually', '2026-06-01T00:00Z', ['2027-01-01T00:00']],
  ['@monthly', '2026-01-31T00:00Z', ['2026-02-01T00:00', '2026-03-01T00:00']],
  ['@weekly', '2026-01-01T00:00Z', ['2026-01-04T00:00', '2026-01-11T00:00']],
  ['@midnight', '2026-01-01T00:00Z', ['2026-01-02T00:00']],
  ['@every 1h30m', '2026-01-01T00:00:00.7Z', ['2026-01-01T01:30', '2026-01-01T03:00']],
  ['@every 1.5h', '2026-01-01T00:00Z', ['2026-01-01T01:30']],
]

test.each(CALENDAR)('%s after %s', (text, after, expected) => {
  const found = nexts(text, 'UTC', after, expected.length)
  expect(found.map((time) => time.slice(0, 16))).toEqual(expected)
})

const REFUSED: readonly (readonly [text: string, message: string])[] = [
  ['', 'expected exactly 5 fields, found 0: ""'],
  ['* * * *', 'expected exactly 5 fields, found 4: "* * * *"'],
  ['0 * * * * *', 'expected exactly 5 fields, found 6: "0 * * * * *"'],
  ['60 * * * *', 'minute: end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'day of month: beginning of range (0) below minimum (1): 0'],
  ['* 22-2 * * *', 'hour: beginning of range (22) beyond end of range (2): 22-2'],
  ['* * * * 7', 'day of week: end of range (7) above maximum (6): 7; Sunday is 0'],
  ['* * * * Sat-Sun', 'day of week: beginning of range (6) beyond end of range (0): Sat-Sun'],
  ['*/0 * * * *', 'minute: step of range should be a positive number: */0'],
  ['* * L * *', 'day of month: failed to parse int from L'],
  ['* * * * 1#2', 'day of week: failed to parse int from 1#2'],
  ['1-2-3 * * * *', 'minute: failed to parse "1-2-3"'],
  ['1/2/3 * * * *', 'minute: failed to parse "1/2/3"'],
  ['* * * Janu *', 'month: failed to parse int from Janu'],
  ['@reboot', 'unrecognized descriptor: @reboot'],
  ['@Daily', 'unrecognized descriptor: @Daily'],
  ['@every day', 'failed to parse duration @every day'],
  ['@every -1h', 'failed to parse duration @every -1h'],
  ['CRON_TZ=Europe/Berlin 0 4 * * *', 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
]

test.each(REFUSED)('%j is refused', (text, message) => {
  expect(readSchedule(text)).toEqual({ kind: 'error', message })
})

test.each([
  ['0 0 30 2 *', true],
  ['0 0 31 4,6,9,11 *', true],
  ['0 0 30 2 Mon', false],
  ['0 0 29 2 *', false],
  ['@every 1s', false],
])('whether %s never comes due: %s', (text, expected) => {
  expect(isNeverDue(schedule(text))).toBe(expected)
})

test.each([
  ['Europe/Berlin', undefined],
  ['Etc/UTC', undefined],
  ['Asia/Calcutta', undefined],
  ['', 'timeZone must be nil or non-empty string'],
  ['Local', 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'],
  ['Mars/Phobos', 'unknown time zone Mars/Phobos'],
  ['+01:00', 'unknown time zone +01:00'],
  [' UTC', 'unknown time zone  UTC'],
  ['europe/berlin', 'unknown time zone europe/berlin; did you mean Europe/Berlin?'],
])('time zone %j: %s', (name, problem) => {
  expect(timeZoneProblem(name)).toBe(problem)
})

test('of what was missed the last is found and the count goes no further than asked', () => {
  const from = Temporal.Instant.from('2026-01-01T00:00:30Z')
  const now = Temporal.Instant.from('2026-03-01T12:34:56Z')
  const found = (text: string, most: number) => {
    const { count, last } = missedBetween(schedule(text), from, now, most)
    return [count, last?.toString()]
  }
  expect(found('* * * * *', 101)).toEqual([101, '2026-03-01T12:34:00Z'])
  expect(found('0 3 1 * *', 101)).toEqual([3, '2026-03-01T03:00:00Z'])
  expect(found('0 3 * * Mon', 3)).toEqual([3, '2026-02-23T03:00:00Z'])
  expect(found('0 0 1 7 *', 101)).toEqual([0, undefined])
  expect(found('@every 7m', 101)).toEqual([101, '2026-03-01T12:28:30Z'])
})

// What robfig/cron does, minute by minute and as bits: slow, and without anything of the code under test.
interface Bits {
  readonly values: ReadonlySet<number>
  readonly star: boolean
}

function bits(text: string, min: number, max: number): Bits {
  const values = new Set<number>()
  let star = false
  for (const part of text.split(',')) {
    const [range = '', stepText] = part.split('/')
    const [lowText = '', highText] = range.split('-')
    const step = Number(stepText ?? 1)
    const isStar = lowText === '*'
    if (isStar && step === 1) star = true
    const low = isStar ? min : Number(lowText)
    const single = highText === undefined && stepText === undefined
    const high = isStar || (highText === undefined && !single) ? max : Number(highText ?? lowText)
    for (let value = low; value <= high; value += step) values.add(value)
  }
  return { values, star }
}

function bruteForce(text: string, timeZone: string, after: Temporal.Instant, minutes: number): string {
  const [minute, hour, day, month, weekday] = text.split(' ')
  const fields = {
    minute: bits(minute ?? '', 0, 59),
    hour: bits(hour ?? '', 0, 23),
    day: bits(day ?? '', 1, 31),
    month: bits(month ?? '', 1, 12),
    weekday: bits(weekday ?? '', 0, 6),
  }
  const from = Math.floor(after.epochMilliseconds / 60_000) + 1
  for (let index = from; index < from + minutes; index++) {
    const at = Temporal.Instant.fromEpochMilliseconds(index * 60_000).toZonedDateTimeISO(timeZone)
    const isDay = fields.day.values.has(at.day)
    const isWeekday = fields.weekday.values.has(at.dayOfWeek % 7)
    const fits = fields.day.star || fields.weekday.star ? isDay && isWeekday : isDay || isWeekday
    if (
      fits &&
      fields.minute.values.has(at.minute) &&
      fields.hour.values.has(at.hour) &&
      fields.month.values.has(at.month)
    )
      return at.toInstant().toString()
  }
  return 'later'
}

function fieldTexts(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max })
  const part = fc.oneof(
    fc.constant('*'),
    value.map(String),
    fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.integer({ min: 1, max: max + 5 }).map((step) => `*/${step}`),
    fc.tuple(value, fc.integer({ min: 1, max: 20 })).map(([low, step]) => `${low}/${step}`),
    fc
      .tuple(value, value, fc.integer({ min: 1, max: 20 }))
      .map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}/${step}`),
  )
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','))
}

test('any schedule is due at the instants at which the wall shows it, and at no other', () => {
  const texts = fc
    .tuple(fieldTexts(0, 59), fieldTexts(0, 23), fieldTexts(1, 31), fieldTexts(1, 12), fieldTexts(0, 6))
    .map((fields) => fields.join(' '))
  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Cairo',
  )
  // Around the nights at which their clocks are changed.
  const starts = fc
    .tuple(
      fc.constantFrom(
        '2026-03-08',
        '2026-03-29',
        '2026-04-05',
        '2026-04-24',
        '2026-10-04',
        '2026-10-25',
        '2026-11-01',
      ),
      fc.integer({ min: -1500, max: 1500 }),
    )
    .map(([day, minutes]) => Temporal.Instant.from(`${day}T02:00Z`).add({ minutes }))
  fc.assert(
    fc.property(texts, zones, starts, (text, zone, after) => {
      const minutes = 3 * 1440
      const next = nextAfter(schedule(text, zone), after)
      const expected = bruteForce(text, zone, after, minutes)
      const until = after.add({ minutes })
      const found =
        next === undefined || Temporal.Instant.compare(next, until) > 0 ? 'later' : next.toString()
      // The last minute belongs to one side or the other.
      if (next !== undefined && next.since(until).abs().total('seconds') < 61) return
      expect(found).toBe(expected)
    }),
    { numRuns: 300 },
  )
})

test('no answer depends on the clock of the machine', () => {
  const wanted = schedule('*/5 * * * *', 'Europe/Berlin')
  const after = Temporal.Instant.from('1999-12-31T22:59:00Z')
  expect(nextAfter(wanted, after)?.toString()).toBe('1999-12-31T23:00:00Z')
})
