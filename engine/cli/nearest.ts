/** The candidate that was probably meant, or undefined when none is near. */
export function nearest(asked: string, candidates: Iterable<string>): string | undefined {
  const most = Math.max(1, Math.floor(asked.length / 3))
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of [...candidates].toSorted()) {
    const distance = editDistance(asked.toLowerCase(), name.toLowerCase(), most)
    if (distance <= most && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

export function didYouMean(asked: string, candidates: Iterable<string>): string {
  const name = nearest(asked, candidates)
  return name === undefined ? '' : `; did you mean ${name}?`
}

/** Letters to insert, delete, exchange or swap with their neighbour; anything above `most` is `most + 1`. */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          at(last, j) + 1,
          at(row, j - 1) + 1,
          at(last, j - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    beforeLast = last
    last = row
  }
  return Math.min(at(last, b.length), most + 1)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
