/** Calls that come while the first one is under way share it. Only success is remembered. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return async () => {
    const mine = (result ??= work())
    try {
      return await mine
    } catch (error) {
      if (result === mine) result = undefined
      throw error
    }
  }
}
