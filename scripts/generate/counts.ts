import type { Schema, SchemaSet } from './schemas.ts'
import { leadsTo } from './support.ts'

export interface Counts {
  readonly honoured: number
  readonly withoutEffect: number
  readonly notHonoured: number
}

export type Reason = 'honoured' | 'without effect' | 'not honoured'

/** What becomes of the fields of each part that a manifest can hold: it is as its most welcome holder is. */
export type Standing = ReadonlyMap<string, Reason>

/** Parts of a status have no standing. */
export function standingOf(schemas: SchemaSet, kinds: Iterable<string>): Standing {
  const all = new Map([...schemas.kinds, ...schemas.shared])
  const standing = new Map<string, Reason>()
  const add = (reason: Reason, starts: Iterable<string>, follow: (field: Schema) => boolean) => {
    for (const name of reach(starts, all, follow)) if (!standing.has(name)) standing.set(name, reason)
  }
  const run = [...kinds].filter((kind) => all.get(kind)?.['x-unsupported'] === undefined)
  const effective = run.filter((kind) => all.get(kind)?.['x-no-effect'] === undefined)
  add('honoured', effective, (field) => reasonOf(field) === 'honoured')
  add('without effect', run, (field) => reasonOf(field) !== 'not honoured')
  add('not honoured', kinds, () => true)
  return standing
}

export function countKind(kind: string, schemas: SchemaSet): Counts {
  const parts = [...standingOf(schemas, [kind])].map(([name, reason]) => {
    const schema = schemas.kinds.get(name) ?? schemas.shared.get(name)
    return schema === undefined ? nothing : countType(schema, reason)
  })
  return parts.reduce(add, nothing)
}

const nothing: Counts = { honoured: 0, withoutEffect: 0, notHonoured: 0 }

export function add(a: Counts, b: Counts): Counts {
  return {
    honoured: a.honoured + b.honoured,
    withoutEffect: a.withoutEffect + b.withoutEffect,
    notHonoured: a.notHonoured + b.notHonoured,
  }
}

/** A part's own fields. What only a refused field holds is refused, whatever its own marks say. */
export function countType(schema: Schema, reason: Reason): Counts {
  const fields = manifestFields(schema)
  if (reason === 'not honoured') return { ...nothing, notHonoured: fields.length }
  if (reason === 'without effect') return { ...nothing, withoutEffect: fields.length }
  const reasons = fields.map(reasonOf)
  const count = (wanted: Reason) => reasons.filter((found) => found === wanted).length
  return {
    honoured: count('honoured'),
    withoutEffect: count('without effect'),
    notHonoured: count('not honoured'),
  }
}

/** A switch of which one position is refused does nothing in the other, so the whole field counts as refused. */
export function reasonOf(field: Schema): Reason {
  const isSwitch = field.type === 'boolean'
  if (field['x-unsupported'] !== undefined) return 'not honoured'
  if (isSwitch && field['x-unsupported-values'] !== undefined) return 'not honoured'
  if (field['x-no-effect'] !== undefined) return 'without effect'
  if (isSwitch && field['x-no-effect-values'] !== undefined) return 'without effect'
  return 'honoured'
}

function reach(
  starts: Iterable<string>,
  schemas: ReadonlyMap<string, Schema>,
  follow: (field: Schema) => boolean,
): ReadonlySet<string> {
  const names = new Set(starts)
  for (const name of names) {
    const next = manifestFields(schemas.get(name) ?? {})
      .filter(follow)
      .map(leadsTo)
    for (const type of next) if (type !== '') names.add(type)
  }
  return names
}

/** Without the status, which is no part of what a manifest asks for. A condition's `status` in a policy is one, though. */
function manifestFields(schema: Schema): readonly Schema[] {
  const fields = Object.entries(schema.properties ?? {})
  return fields
    .filter(([name, field]) => !(name === 'status' && field.$ref !== undefined))
    .map(([, field]) => field)
}
