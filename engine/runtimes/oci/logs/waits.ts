import { setTimeout as sleep } from 'node:timers/promises'
import type { Transport } from '../../../transport/transport.ts'

/** Should a change have been told of to nobody. */
const LOOK_MS_MAX = 1_000
/** Whoever writes a line at a time is read some lines at a time. */
const GATHER_MS = 20

export interface Waits extends Disposable {
  /** Until something in the folder has changed since the last wait, or some time has passed, or the signal is aborted. */
  wait(): Promise<void>
}

export function createWaits(transport: Transport, directory: string, signal: AbortSignal): Waits {
  const own = new AbortController()
  const end = AbortSignal.any([own.signal, signal])
  let hasChanged = false
  let wake = (): void => undefined
  end.addEventListener('abort', () => wake(), { once: true })
  void pump()
  return {
    async wait() {
      if (!hasChanged) await changed()
      if (hasChanged) await gathered()
      hasChanged = false
    },
    [Symbol.dispose]: () => own.abort(),
  }

  async function changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    if (end.aborted) return
    const timer = setTimeout(resolve, LOOK_MS_MAX)
    await promise
    clearTimeout(timer)
  }

  async function gathered(): Promise<void> {
    try {
      await sleep(GATHER_MS, undefined, { signal: end })
    } catch (error) {
      if (!end.aborted) throw error
    }
  }

  async function pump(): Promise<void> {
    try {
      for await (const _path of transport.watch([directory], end)) {
        hasChanged = true
        wake()
      }
    } catch {
      // The kernel watches no more files for this user: it is looked at now and then.
    }
  }
}
