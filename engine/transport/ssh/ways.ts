import { Duplex } from 'node:stream'
import { type Lock, TransportError } from '../transport.ts'
import { type Line, sessionUntil } from './line.ts'
import { endWay, type Session } from './session.ts'
import { decoded, type Word } from './words.ts'

/** Changes that come while the last one is looked at are told once. Rejects when the connection is lost. */
export async function* watchOver(
  line: Line,
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const changed = new Set<string>()
  let lost: Error | undefined
  let wake = Promise.withResolvers<void>()
  const session = await sessionUntil(line, signal)
  if (session === undefined) return
  const told = (_kind: 'o' | 'x', body: Buffer): void => {
    for (const path of decoded(body)) changed.add(String(path))
    wake.resolve()
  }
  const fail = (error: Error): void => {
    lost = error
    wake.resolve()
  }
  const id = await session.begin('watch', paths, { told, lost: fail })
  const stop = (): void => wake.resolve()
  signal.addEventListener('abort', stop)
  try {
    while (!signal.aborted) {
      await wake.promise
      wake = Promise.withResolvers<void>()
      const all = [...changed].toSorted()
      changed.clear()
      if (signal.aborted) return
      yield* all
      if (lost !== undefined) throw lost
    }
  } finally {
    signal.removeEventListener('abort', stop)
    endWay(session.lane, id)
  }
}

/** A connection that is made there, to a port or a socket as seen from there. */
export async function connectOver(line: Line, place: readonly Word[], signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted()
  const session = await line.session(signal)
  const way = new Way(session)
  await way.begin(place, signal)
  // As Node's own connections.
  const destroy = (): void => void way.destroy(abortError(signal.reason))
  signal.addEventListener('abort', destroy, { once: true })
  way.once('close', () => signal.removeEventListener('abort', destroy))
  return way
}

function abortError(cause: unknown): Error {
  return Object.assign(new Error('The operation was aborted', { cause }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  })
}

class Way extends Duplex {
  readonly #session: Session
  #id: number | undefined
  #held = false

  constructor(session: Session) {
    super({ allowHalfOpen: false })
    this.#session = session
  }

  async begin(place: readonly Word[], signal: AbortSignal): Promise<void> {
    this.#id = await this.#session.begin(
      'connect',
      place,
      {
        told: (kind, body) => {
          if (kind === 'x') this.push(null)
          else if (!this.push(body)) this.#hold(true)
        },
        lost: (error) => this.destroy(error),
      },
      signal,
    )
  }

  override _read(): void {
    if (this.#held) this.#hold(false)
  }

  #hold(held: boolean): void {
    this.#held = held
    this.#ask(held ? 'hold' : 'goOn', [])
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#session.operate('write', [this.#id ?? 0, chunk]).then(() => done(), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#ask('shut', [])
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#id !== undefined) endWay(this.#session.lane, this.#id)
    done(error)
  }

  #ask(name: string, more: readonly Word[]): void {
    if (this.#id !== undefined) this.#session.operate(name, [this.#id, ...more]).catch(() => undefined)
  }
}

/** ssh knows after 15 s that a line is cut. The other end, which may not be told, waits a little longer. */
const ALIVE_EVERY_MS = 5_000
const SILENCE_MAX_S = 20

/** Held by our program there: its end frees it, the end of the connection, or silence. */
export async function lockOver(line: Line, path: string, content: string): Promise<Lock | undefined> {
  const session = await line.session()
  const [number] = await session.operate('lock', [path, content])
  if (number === undefined) return undefined
  const alive = (): void => void session.operate('alive', [SILENCE_MAX_S]).catch(() => undefined)
  const beat = setInterval(alive, ALIVE_EVERY_MS).unref()
  alive()
  // Also when the lock has been given back: the other end goes on waiting for a word.
  session.lost.addEventListener('abort', () => clearInterval(beat), { once: true })
  const lost = new AbortController()
  const gone = (): void => lost.abort(session.lost.reason)
  session.lost.addEventListener('abort', gone, { once: true })
  return {
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      session.lost.removeEventListener('abort', gone)
      await session.operate('unlock', [String(number)]).catch((error: unknown) => {
        // What the connection held has been given back with it.
        if (!(error instanceof TransportError)) throw error
      })
    },
  }
}
