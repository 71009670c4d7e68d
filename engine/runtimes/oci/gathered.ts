/** One that takes longer holds up nobody: the next one is begun beside it. */
const LONG_MS = 1_000

interface Round<K, V> {
  readonly keys: Set<K>
  readonly answers: Promise<ReadonlyMap<K, V>>
}

/**
 * Answers those who ask at about the same time by one question. Who asks while one is under way is answered by the next, which is begun after
 * all whom it answers have asked. Undefined: it has no answer.
 */
export function gathered<K, V>(
  ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): (key: K) => Promise<V | undefined> {
  let next: Round<K, V> | undefined
  let underWay: Promise<unknown> = Promise.resolve()

  const begin = (): Round<K, V> => {
    const keys = new Set<K>()
    const answers = underWay.then(async () => {
      next = undefined
      const asked = ask([...keys])
      underWay = overOrLong(asked)
      return await asked
    })
    return { keys, answers }
  }

  return async (key) => {
    const mine = (next ??= begin())
    mine.keys.add(key)
    return (await mine.answers).get(key)
  }
}

async function overOrLong(work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, LONG_MS)
  timer.unref()
  const over = (): void => {
    clearTimeout(timer)
    resolve()
  }
  work.then(over, over)
  await promise
}
