/** Work that several callers wait for at once; it is given up when the last of them has gone. */
export type Share<T> = (
  key: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>

interface Flight<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  waiters: number
}

export function createShare<T>(): Share<T> {
  const flights = new Map<string, Flight<T>>()

  function begin(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const result = work(controller.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key)
    })
    // A failure that nobody waits for any more is nobody's.
    result.catch(() => undefined)
    const flight: Flight<T> = { result, controller, waiters: 0 }
    flights.set(key, flight)
    return flight
  }

  return async (key, signal, work) => {
    signal?.throwIfAborted()
    const flight = flights.get(key) ?? begin(key, work)
    flight.waiters += 1
    try {
      return await orAborted(flight.result, signal)
    } finally {
      flight.waiters -= 1
      if (flight.waiters === 0) {
        // A newcomer must not join work that is being given up.
        if (flights.get(key) === flight) flights.delete(key)
        flight.controller.abort(new Error('nobody waits for it any more'))
      }
    }
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** At most `max` at a time, the others in the order in which they came. */
export type Limit = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>

export function createLimit(max: number): Limit {
  const queue: (() => void)[] = []
  let running = 0

  async function enter(signal: AbortSignal): Promise<void> {
    if (running < max) {
      running += 1
      return
    }
    const turn = Promise.withResolvers<void>()
    queue.push(turn.resolve)
    try {
      // Whoever leaves hands its place on, so `running` stays as it is.
      await orAborted(turn.promise, signal)
    } catch (error) {
      const at = queue.indexOf(turn.resolve)
      if (at >= 0) queue.splice(at, 1)
      else leave()
      throw error
    }
  }

  function leave(): void {
    const next = queue.shift()
    if (next === undefined) running -= 1
    else next()
  }

  return async (signal, work) => {
    await enter(signal)
    try {
      signal.throwIfAborted()
      return await work()
    } finally {
      leave()
    }
  }
}
