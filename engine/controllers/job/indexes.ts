import { memoised } from '../../api/memo.ts'

/** Completion indexes as Kubernetes writes them: `1,3-5,7`. */

/** Those under `completions`. What cannot be read stands in no record of ours and is passed over, as Kubernetes does. */
export function parseIndexes(
  text: string | undefined,
  completions = Number.POSITIVE_INFINITY,
): ReadonlySet<number> {
  const found = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
    if (first === undefined) continue
    for (let index = Number(first); index <= Number(last) && index < completions; index++) found.add(index)
  }
  return found
}

/** Two neighbours are listed, three and more are a range. A Job may have 100,000 of them, and most plans change none. */
export const indexesText = memoised((indexes: ReadonlySet<number>): string => {
  const parts: string[] = []
  const sorted = [...indexes].toSorted((a, b) => a - b)
  for (let at = 0; at < sorted.length; ) {
    const first = sorted[at] ?? 0
    let last = first
    while (indexes.has(last + 1)) last += 1
    at += last - first + 1
    if (last === first) parts.push(String(first))
    else parts.push(last === first + 1 ? `${first},${last}` : `${first}-${last}`)
  }
  return parts.join(',')
})
