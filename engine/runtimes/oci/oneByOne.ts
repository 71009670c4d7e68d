const queues = new Map<string, Promise<unknown>>()

/** Work on the same thing, one after the other, whatever comes of each. In this engine: there is one to a root. */
export async function oneByOne<T>(thing: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(thing) ?? Promise.resolve()
  const mine = before.then(work, work)
  queues.set(thing, mine)
  try {
    return await mine
  } finally {
    if (queues.get(thing) === mine) queues.delete(thing)
  }
}
