import { TransportError } from '../transport.ts'
import type { SshOptions } from './master.ts'
import { openSession, type Session, unlessAborted } from './session.ts'

/** The way to a machine: connected when it is first needed, and again when the connection was lost. */
export interface Line extends AsyncDisposable {
  session(signal?: AbortSignal): Promise<Session>
  operate: Session['operate']
}

interface Opening {
  readonly session: Promise<Session>
  readonly giveUp: AbortController
}

/**
 * `greet` has each new connection for itself before anybody else; when it rejects, there is no connection. Whoever asks after an attempt in vain
 * is told the same for as long as that one took: who asks a machine that is off for one thing after the other waits once.
 */
export function createLine(options: SshOptions, greet?: (line: Line) => Promise<void>): Line {
  let current: Opening | undefined
  let failed: { readonly error: unknown; readonly untilMs: number } | undefined
  const connected = (): Promise<Session> => {
    if (current !== undefined) return current.session
    if (failed !== undefined && performance.now() < failed.untilMs) return Promise.reject(failed.error)
    const beganMs = performance.now()
    const giveUp = new AbortController()
    const opening = { session: openGreeted(options, greet, giveUp.signal), giveUp }
    current = opening
    const forget = (): void => {
      if (current === opening) current = undefined
    }
    const fail = (error: unknown): void => {
      forget()
      const nowMs = performance.now()
      failed = { error, untilMs: nowMs + (nowMs - beganMs) }
    }
    opening.session.then((session) => {
      if (session.lost.aborted) forget()
      else session.lost.addEventListener('abort', forget, { once: true })
    }, fail)
    return opening.session
  }
  return lineOf(connected, async () => {
    const closing = current
    current = undefined
    failed = undefined
    closing?.giveUp.abort(
      new TransportError(`connecting to ${options.address.text}: it is not wanted any more`),
    )
    await closing?.session.then(
      async (open) => await open[Symbol.asyncDispose](),
      () => undefined,
    )
  })
}

async function openGreeted(
  options: SshOptions,
  greet: ((line: Line) => Promise<void>) | undefined,
  signal: AbortSignal,
): Promise<Session> {
  const session = await openSession(options, signal)
  const end = (): void => void session[Symbol.asyncDispose]()
  signal.addEventListener('abort', end, { once: true })
  try {
    signal.throwIfAborted()
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
    return await unlessAborted(connected(), signal)
  }
  return {
    session,
    operate: async (name, words, signal) => await (await session(signal)).operate(name, words, signal),
    [Symbol.asyncDispose]: dispose,
  }
}

/** For what ends with its signal, and does not reject with it. Undefined: it is not wanted any more. */
export async function sessionUntil(line: Line, signal: AbortSignal): Promise<Session | undefined> {
  try {
    return await line.session(signal)
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
