import { failure } from './commands.ts'

/** What files and processes throw becomes the world's failure. */
export async function guarded(
  reason: string,
  doing: string,
  signal: AbortSignal | undefined,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    signal?.throwIfAborted()
    throw failure({ reason, doing }, error)
  }
}
