/** Sorted by key; what is sorted already, as the nodes list it, costs one look. */
export function inOrder<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  let last = ''
  let sorted = true
  for (const item of items) {
    const key = keyOf(item)
    if (key < last) {
      sorted = false
      break
    }
    last = key
  }
  if (sorted) return items
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item)
}

/**
 * The same items with some taken out and others put in; `items` in the order of their keys. Undefined when one that is put in has the key of
 * one that stays: which of them comes first is not for the keys to say.
 */
export function spliced<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  removed: readonly T[],
  added: readonly T[],
): readonly T[] | undefined {
  const out = new Set<number>()
  for (const item of removed) {
    let index = lowerBound(items, keyOf, keyOf(item))
    while (index < items.length && items[index] !== item) index += 1
    out.add(index)
  }
  const result: T[] = []
  let next = 0
  const copyUpTo = (end: number): void => {
    for (; next < end; next += 1) {
      const item = items[next]
      if (item !== undefined && !out.has(next)) result.push(item)
    }
  }
  let last: string | undefined
  for (const item of inOrder(added, keyOf)) {
    const key = keyOf(item)
    const place = lowerBound(items, keyOf, key)
    if (key === last) return undefined
    for (let same = place; same < items.length; same += 1) {
      const other = items[same]
      if (other === undefined || keyOf(other) !== key) break
      if (!out.has(same)) return undefined
    }
    last = key
    copyUpTo(place)
    result.push(item)
  }
  copyUpTo(items.length)
  return result
}

/** The first place whose key is not smaller. */
export function lowerBound<T>(items: readonly T[], keyOf: (item: T) => string, key: string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && keyOf(item) < key) low = middle + 1
    else high = middle
  }
  return low
}
