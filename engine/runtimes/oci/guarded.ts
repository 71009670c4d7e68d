import { failure } from './commands.ts'

/** What files and processes throw becomes the world's failure. */
export async function guarded<T>(
  reason: string,
  doing: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    signal?.throwIfAborted()
    throw failure({ reason, doing }, error)
  }
}
