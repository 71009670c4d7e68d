import type { CheckContext, Item } from '../context.ts'

/** Says of every repeated one that it is a duplicate; undefined keys are not compared. */
export function checkUnique<T>(
  context: CheckContext,
  items: readonly Item<T>[],
  field: string,
  keyOf: (value: T) => string | undefined,
): void {
  if (items.length < 2) return
  const seen = new Set<string>()
  for (const { value, path } of items) {
    const key = keyOf(value)
    if (key === undefined) continue
    if (seen.has(key))
      context.error([...path, field], `${JSON.stringify(key)} is used twice, and must be unique`)
    seen.add(key)
  }
}
