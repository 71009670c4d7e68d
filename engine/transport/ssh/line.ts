import type { SshOptions } from './master.ts'
import { openSession, type Session } from './session.ts'

/** The way to a machine: connected when it is first needed, and again when the connection was lost. */
export interface Line extends AsyncDisposable {
  session(signal?: AbortSignal): Promise<Session>
  operate: Session['operate']
}

/** `greet` has each new connection for itself before anybody else; when it rejects, there is no connection. */
export function createLine(options: SshOptions, greet?: (line: Line) => Promise<void>): Line {
  let current: Promise<Session> | undefined
  const connected = (): Promise<Session> => {
    if (current !== undefined) return current
    const opening = openGreeted(options, greet)
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
  return lineOf(connected, async () => {
    const closing = current
    current = undefined
    await closing?.then(
      async (open) => await open[Symbol.asyncDispose](),
      () => undefined,
    )
  })
}

async function openGreeted(
  options: SshOptions,
  greet: ((line: Line) => Promise<void>) | undefined,
): Promise<Session> {
  const session = await openSession(options)
  try {
    await greet?.(
      lineOf(
        async () => session,
        async () => undefined,
      ),
    )
    return session
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

function lineOf(connected: () => Promise<Session>, dispose: () => Promise<void>): Line {
  const session = async (signal?: AbortSignal): Promise<Session> => {
    signal?.throwIfAborted()
    return await connected()
  }
  return {
    session,
    operate: async (name, words, signal) => await (await session(signal)).operate(name, words, signal),
    [Symbol.asyncDispose]: dispose,
  }
}
