import { orAborted } from './sharing.ts'

/** Keeps pulls and sweeps apart: what a pull has found present must not go before the pull has written its record. */
export interface Gate {
  /** Waits while a sweep is at work. */
  enter(signal: AbortSignal): Promise<Disposable>
  /** Undefined, and nothing done, while somebody is inside: garbage can wait, a pull should not. */
  sweep<T>(work: () => Promise<T>): Promise<T | undefined>
}

export function createGate(): Gate {
  let inside = 0
  let sweeping: Promise<void> | undefined

  return {
    enter: async (signal) => {
      while (sweeping !== undefined) await orAborted(sweeping, signal)
      inside += 1
      return {
        [Symbol.dispose]: () => {
          inside -= 1
        },
      }
    },
    sweep: async (work) => {
      if (inside > 0 || sweeping !== undefined) return undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      sweeping = promise
      try {
        return await work()
      } finally {
        sweeping = undefined
        resolve()
      }
    },
  }
}
