import { type ObjectKey, objectText } from '../api/names.ts'
import type { Plan } from '../api/plan.ts'
import { since } from './duration.ts'

const WOULD_MAX = 5

/** A line each: objects that are suspended, that have drifted in detect mode, or that outlive their manifest. Sorted by object. */
export function standingLines(
  { kept, leftAlone }: Pick<Plan, 'kept' | 'leftAlone'>,
  isShown: (key: ObjectKey) => boolean,
  now: Temporal.Instant,
): readonly string[] {
  const left = [...(leftAlone ?? [])].filter(([key]) => isShown(key))
  const suspended = left.flatMap(([key, { by, since: from, would }]) => {
    if (by !== 'suspended') return []
    const age = from === undefined ? '' : ` ${since(now, from)} ago`
    const what = would.length === 0 ? 'as the commit wants it' : wouldText(would)
    return [`${objectText(key)}: suspended${age}; ${what}`]
  })
  const drifted = left.flatMap(([key, { by, would }]) =>
    by === 'suspended' || would.length === 0 ? [] : [`${objectText(key)}: detect mode; ${wouldText(would)}`],
  )
  const outlived = [...(kept ?? [])].filter(([key]) => isShown(key))
  return [...suspended, ...drifted, ...outlived.map(([key, reason]) => `${objectText(key)}: ${reason}`)]
}

function wouldText(would: readonly string[]): string {
  const more = would.length > WOULD_MAX ? `; and ${would.length - WOULD_MAX} more` : ''
  return `${would.slice(0, WOULD_MAX).join('; ')}${more}`
}
