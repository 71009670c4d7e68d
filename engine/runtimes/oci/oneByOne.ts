import type { Transport } from '../../transport/transport.ts'

const queues = new Map<string, Promise<unknown>>()

/**
 * Work on the same thing of the same machine, one after the other, whatever comes of each; a machine waits for no other one's. In this engine:
 * there is one to a root.
 */
export async function oneByOne<T>(
  { machine }: Pick<Transport, 'machine'>,
  thing: string,
  work: () => Promise<T>,
): Promise<T> {
  const key = `${machine} ${thing}`
  const before = queues.get(key) ?? Promise.resolve()
  const mine = before.then(work, work)
  queues.set(key, mine)
  try {
    return await mine
  } finally {
    if (queues.get(key) === mine) queues.delete(key)
  }
}
