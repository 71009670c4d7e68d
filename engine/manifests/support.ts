import type { Kind } from '../api/generated/types.ts'
import { kinds, type Marks, typeFields, typeMarks } from './generated/support.ts'
import { otherKinds } from './otherKinds.ts'

type Path = readonly (string | number)[]

/** A field (or a whole kind, with the path `['kind']`) that the engine does not honour, or that can have no effect. */
export interface SupportIssue {
  readonly path: Path
  readonly severity: 'error' | 'warning'
  readonly reason: string
}

/** Every use in `object` of what is not honoured. An unsupported field is reported once, not again for what it holds. */
export function findSupportIssues(kind: string, object: unknown): readonly SupportIssue[] {
  const reason = isKind(kind) ? kinds[kind].unsupported : otherKinds.get(kind)?.reason
  if (reason !== undefined) return [{ path: ['kind'], severity: 'error', reason }]
  const noEffect = isKind(kind) ? kinds[kind].noEffect : undefined
  if (noEffect !== undefined) return [{ path: ['kind'], severity: 'warning', reason: noEffect }]
  const issues: SupportIssue[] = []
  if (isKind(kind)) visit(kind, object, [], issues)
  return issues
}

/** The names of the fields that the object at `path` may have, sorted; none where names are free, as in labels. */
export function knownFields(kind: string, path: Path): readonly string[] {
  const names = path.filter((segment) => typeof segment === 'string')
  const type = names.reduce((parent, name) => leadsTo(parent, name) ?? '', isKind(kind) ? kind : '')
  return Object.keys(fieldsOf(type)).sort()
}

export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind)
}

function fieldsOf(type: string): Readonly<Record<string, string>> {
  return (Object.hasOwn(typeFields, type) ? typeFields[type] : undefined) ?? {}
}

/** The type of a field's value: empty for a value without fields of its own, undefined for an unknown field. */
function leadsTo(type: string, field: string): string | undefined {
  const fields = fieldsOf(type)
  return Object.hasOwn(fields, field) ? fields[field] : undefined
}

function visit(type: string, value: unknown, path: Path, issues: SupportIssue[]): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => visit(type, item, [...path, index], issues))
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [field, child] of Object.entries(value)) {
    const next = leadsTo(type, field)
    if (next === undefined || !isUsed(child)) continue
    const issue = issueOf(typeMarks[type]?.[field], child)
    if (issue !== undefined) issues.push({ path: [...path, field], ...issue })
    else if (next !== '') visit(next, child, [...path, field], issues)
  }
}

/** An explicit null and an empty list ask for nothing; an empty object may (`emptyDir: {}`). */
function isUsed(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
}

function issueOf(marks: Marks | undefined, value: unknown): Omit<SupportIssue, 'path'> | undefined {
  if (marks === undefined) return undefined
  const error = marks.unsupported ?? marks.unsupportedValues?.[String(value)]
  if (error !== undefined) return { severity: 'error', reason: error }
  const warning = marks.noEffect ?? marks.noEffectValues?.[String(value)]
  return warning === undefined ? undefined : { severity: 'warning', reason: warning }
}
