import type { FieldChange } from './plan.ts'

/** JSON with sorted keys and without undefined members: equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (!isRecord(value)) return JSON.stringify(value ?? null)
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${members.join(',')}}`
}

/** What differs, one change for each smallest part that both sides do not share; in the order of the fields' names. */
export function fieldChanges(before: unknown, after: unknown): FieldChange[] {
  const secret = isSecret(before) || isSecret(after)
  return [...changesBelow('', before, after)].map((change) => (secret ? redacted(change) : change))
}

function* changesBelow(path: string, before: unknown, after: unknown): Generator<FieldChange> {
  if (before === after || canonicalJson(before) === canonicalJson(after)) return
  if (isRecord(before) && isRecord(after)) yield* memberChanges(path, before, after)
  else if (Array.isArray(before) && Array.isArray(after)) yield* itemChanges(path, before, after)
  else yield { path, from: shown(before), to: shown(after) }
}

type Fields = Readonly<Record<string, unknown>>

function* memberChanges(path: string, before: Fields, after: Fields): Generator<FieldChange> {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)].toSorted())) {
    yield* changesBelow(memberPath(path, key), before[key], after[key])
  }
}

/** Lists of named things are compared by name, so that an added sidecar changes nothing but itself. */
function* itemChanges(
  path: string,
  before: readonly unknown[],
  after: readonly unknown[],
): Generator<FieldChange> {
  const key = keyOf([...before, ...after])
  const old = byName(before, key)
  const now = byName(after, key)
  let differs = false
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    for (const change of changesBelow(`${path}[${name}]`, old.get(name), now.get(name))) {
      differs = true
      yield change
    }
  }
  if (!differs) yield { path, from: [...old.keys()].join(', '), to: [...now.keys()].join(', ') }
}

const KEYS = ['name', 'mountPath', 'containerPort', 'key', 'ip'] as const

function keyOf(items: readonly unknown[]): string | undefined {
  return KEYS.find((key) => items.every((item) => isRecord(item) && isName(item[key])))
}

function isName(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function byName(items: readonly unknown[], key: string | undefined): ReadonlyMap<string, unknown> {
  const named = new Map<string, unknown>()
  items.forEach((item, index) => {
    const name = key !== undefined && isRecord(item) ? String(item[key]) : String(index)
    named.set(named.has(name) ? `${name}#${index}` : name, item)
  })
  return named
}

function memberPath(path: string, key: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

function shown(value: unknown): string {
  if (value === undefined) return 'unset'
  return typeof value === 'string' ? value : canonicalJson(value)
}

function isSecret(value: unknown): boolean {
  return isRecord(value) && value['kind'] === 'Secret'
}

/** What a Secret holds is never shown, nor how it differs. */
function redacted(change: FieldChange): FieldChange {
  if (!/^(data|stringData)\b/.test(change.path)) return change
  return { path: change.path, from: hidden(change.from), to: hidden(change.to) }
}

function hidden(text: string): string {
  return text === 'unset' ? text : '(secret)'
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
