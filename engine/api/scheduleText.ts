/** The five fields of a schedule as Kubernetes reads them, by github.com/robfig/cron v3, said again in words that leave nothing open. */

interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 6, names: DAYS },
]

const MACROS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

export type FieldsReading =
  | { readonly kind: 'fields'; readonly fields: string }
  | { readonly kind: 'error'; readonly message: string }

/**
 * Five fields of `*`, numbers, ranges with both ends and steps: no names, no `?`, no step past its range, so that any cron library
 * means the same by them. `*` stands only where Kubernetes takes the field for unrestricted: a day has to match both day fields
 * when one of them is, and else either (so `0 0 * / 2 * 1`, without the blanks, is every odd day and every Monday).
 */
export function readFields(text: string): FieldsReading {
  if (text.startsWith('@')) {
    const fields = MACROS.get(text)
    return fields === undefined ? failed(`unrecognized descriptor: ${text}`) : { kind: 'fields', fields }
  }
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.length !== FIELDS.length)
    return failed(`expected exactly 5 fields, found ${words.length}: ${JSON.stringify(text)}`)
  const read: string[] = []
  for (const [index, field] of FIELDS.entries()) {
    const reading = readField(words[index] ?? '', field)
    if (reading.kind === 'error') return failed(`${field.name}: ${reading.message}`)
    read.push(reading.fields)
  }
  return { kind: 'fields', fields: read.join(' ') }
}

function failed(message: string): FieldsReading {
  return { kind: 'error', message }
}

function readField(word: string, field: Field): FieldsReading {
  const parts = word.split(',').filter((part) => part !== '')
  if (parts.length === 0) return failed(`nothing between the commas of ${JSON.stringify(word)}`)
  const read: string[] = []
  for (const part of parts) {
    const reading = readPart(part, field)
    if (reading.kind === 'error') return reading
    read.push(reading.fields)
  }
  return { kind: 'fields', fields: read.includes('*') ? '*' : read.join(',') }
}

const PART = /^(?<low>[^-/]+)(?:-(?<high>[^-/]+))?(?:\/(?<step>[^-/]+))?$/

function readPart(part: string, field: Field): FieldsReading {
  const found = PART.exec(part)?.groups
  if (found === undefined) return failed(`failed to parse ${JSON.stringify(part)}`)
  const isStar = found['low'] === '*' || found['low'] === '?'
  if (isStar && found['high'] !== undefined) return failed(`a range from ${found['low']} in ${part}`)
  const step = found['step'] === undefined ? 1 : numberOf(found['step'])
  if (step === undefined) return failed(`failed to parse int from ${found['step']}`)
  if (step === 0) return failed(`step of range should be a positive number: ${part}`)
  const low = isStar ? field.min : valueOf(found['low'], field)
  // `N/step` runs to the end.
  const toEnd = isStar || (found['high'] === undefined && found['step'] !== undefined)
  const high = toEnd ? field.max : valueOf(found['high'] ?? found['low'], field)
  if (low === undefined || high === undefined) return failed(`failed to parse int from ${part}`)
  if (low < field.min) return failed(`beginning of range (${low}) below minimum (${field.min}): ${part}`)
  if (high > field.max)
    return failed(`end of range (${high}) above maximum (${field.max}): ${part}${sunday(field)}`)
  if (low > high) return failed(`beginning of range (${low}) beyond end of range (${high}): ${part}`)
  return { kind: 'fields', fields: isStar && step === 1 ? '*' : rangeText(low, high, step) }
}

function rangeText(low: number, high: number, step: number): string {
  if (low === high || step > high - low) return String(low)
  return step === 1 ? `${low}-${high}` : `${low}-${high}/${step}`
}

function sunday({ names }: Field): string {
  return names === DAYS ? '; Sunday is 0' : ''
}

function valueOf(text: string | undefined, { min, names }: Field): number | undefined {
  const index = names.indexOf(text?.toLowerCase() ?? '')
  return index >= 0 ? index + min : numberOf(text)
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
const DURATION = /(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/y

/** A duration as Go writes it (`1h30m`, `1.5h`), in milliseconds. Undefined when it is none. */
export function goDurationMs(text: string): number | undefined {
  const body = text.startsWith('+') ? text.slice(1) : text
  DURATION.lastIndex = 0
  let total = 0
  while (DURATION.lastIndex < body.length) {
    const found = DURATION.exec(body)
    if (found === null) return undefined
    total += Number(found[1]) * (UNITS_MS.get(found[2] ?? '') ?? 0)
  }
  return body === '' ? undefined : total
}
