import { openSession, type Session } from './session.ts'
import type { SshOptions } from './master.ts'

/** The way to a machine: connected when it is first needed, and again when the connection was lost. */
export interface Line extends AsyncDisposable {
  session(signal?: AbortSignal): Promise<Session>
  operate: Session['operate']
}

export function createLine(options: SshOptions): Line {
  let current: Promise<Session> | undefined
  const connected = (): Promise<Session> => {
    if (current !== undefined) return current
    const opening = openSession(options)
    current = opening
    const forget = (): void => {
      if (current === opening) current = undefined
    }
    opening.then((session) => {
      if (session.lost.aborted) forget()
      else session.lost.addEventListener('abort', forget, { once: true })
    }, forget)
    return opening
  }
  const session = async (signal?: AbortSignal): Promise<Session> => {
    signal?.throwIfAborted()
    return await connected()
  }
  return {
    session,
    operate: async (name, words, signal) => await (await session(signal)).operate(name, words, signal),
    [Symbol.asyncDispose]: async () => {
      const closing = current
      current = undefined
      await closing?.then(
        async (open) => await open[Symbol.asyncDispose](),
        () => undefined,
      )
    },
  }
}
