/** What all of them give, in the order in which it comes; ends when all have ended, or with the first error. */
export async function* merged<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const given: T[] = []
  const failed: unknown[] = []
  let left = sources.length
  let wake = Promise.withResolvers<void>()
  const hear = async (source: AsyncIterable<T>): Promise<void> => {
    try {
      for await (const value of source) {
        given.push(value)
        wake.resolve()
      }
    } catch (error) {
      failed.push(error)
    }
    left -= 1
    wake.resolve()
  }
  for (const source of sources) void hear(source)
  while (left > 0 || given.length > 0) {
    // No race with a promise of all sources: each race would leave its reaction there, for months.
    if (given.length === 0) await wake.promise
    wake = Promise.withResolvers<void>()
    yield* given.splice(0)
    if (failed.length > 0) throw failed[0]
  }
}
