import type { Clock } from './clock.ts'
import { after } from './clock.ts'

export type Timed<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'timedOut' }

const OVER = new Error('no longer waited for')

/** Lets `work` have that long, by the given clock; then its signal is aborted and its answer no longer waited for. */
export async function within<T>(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Timed<T>> {
  return await beforeEnd((both) => clock.sleepUntil(after(clock.now(), milliseconds), both), signal, work)
}

/** The same until `end` resolves, which may also do so when its signal is aborted; rejects when that does. */
export async function beforeEnd<T>(
  end: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Timed<T>> {
  // Not AbortSignal.any, nor the reason that abort() makes by itself: both cost more than the rest of what is done for a probe.
  const over = new AbortController()
  const both = over.signal
  const follow = (): void => over.abort(signal.reason)
  if (signal.aborted) follow()
  else signal.addEventListener('abort', follow, { once: true })
  const late = end(both).then(() => {
    signal.throwIfAborted()
    return { kind: 'timedOut' } as const
  })
  const done = work(both).then((value) => ({ kind: 'done', value }) as const)
  try {
    return await Promise.race([done, late])
  } finally {
    signal.removeEventListener('abort', follow)
    over.abort(OVER)
    // whichever lost the race may still reject, with nobody left to hear it
    void Promise.allSettled([done, late])
  }
}
