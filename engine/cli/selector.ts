import type { LabelSelector } from '../api/generated/types.ts'
import { matchesSelector } from '../api/selectors.ts'
import { UserError } from './userError.ts'

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number]

/** `-l` as kubectl reads it: `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, with commas between. */
export function parseSelector(text: string): LabelSelector {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim())
  return { matchExpressions: parts.map((part) => requirement(part, text)) }
}

function requirement(part: string, text: string): Requirement {
  const KEY = String.raw`([A-Za-z0-9][A-Za-z0-9_./-]*)`
  const set = new RegExp(`^${KEY}\\s+(in|notin)\\s*\\(([^()]*)\\)$`).exec(part)
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim())
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values }
  }
  const equal = new RegExp(`^${KEY}\\s*(==?|!=)\\s*([A-Za-z0-9_.-]*)$`).exec(part)
  if (equal !== null) {
    return { key: equal[1] ?? '', operator: equal[2] === '!=' ? 'NotIn' : 'In', values: [equal[3] ?? ''] }
  }
  const bare = new RegExp(`^(!?)\\s*${KEY}$`).exec(part)
  if (bare !== null) return { key: bare[2] ?? '', operator: bare[1] === '!' ? 'DoesNotExist' : 'Exists' }
  throw new UserError(
    `reading the selector ${text}: ${part === '' ? 'a part of it is empty' : `${part} is none`}; write it like app=web,tier!=db`,
  )
}

/** What `-n` and `-l` let through. */
export function showsObject(
  metadata: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> },
  filter: { readonly namespace: string | undefined; readonly selector: LabelSelector | undefined },
): boolean {
  if (filter.namespace !== undefined && metadata.namespace !== filter.namespace) return false
  return filter.selector === undefined || matchesSelector(filter.selector, metadata.labels)
}
