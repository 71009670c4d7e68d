/**
 * Remembers what follows from an object for as long as the object lives. Objects of a commit and records are never changed in
 * place, so the same object always has the same answer.
 */
export function memoised<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>()
  return (key) => {
    const entry = known.get(key)
    if (entry !== undefined) return entry.value
    const value = compute(key)
    known.set(key, { value })
    return value
  }
}
