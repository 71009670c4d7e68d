import type { Runtime } from '../../runtimes/runtime.ts'
import { after } from '../../reconciler/clock.ts'
import { messageOf } from '../../reconciler/problems.ts'
import type { World } from '../world.ts'
import { EXIT } from '../world.ts'
import { type FollowContext, followedLines, type From } from './attempts.ts'
import { createEar } from './ear.ts'
import type { LogOptions } from './options.ts'
import type { Printer } from './printer.ts'
import { isLive, type Stream } from './streams.ts'
import { UserError } from '../userError.ts'

export interface FollowParts {
  readonly runtime: Runtime
  readonly printer: Printer
  readonly options: LogOptions
  readonly world: World
  /** Aborted when nobody reads any more, too. */
  readonly signal: AbortSignal
}

/** A rollout tells of many things in a row. */
const GATHER_MS = 200

/** Until all of them have ended. */
export async function followStreams(streams: readonly Stream[], parts: FollowParts): Promise<number> {
  assertFew(streams, parts.options)
  const follower = new Follower(parts)
  for (const stream of streams) follower.take(stream, parts.options)
  return await follower.settled()
}

/** These, and those that `look` finds later, until the signal is aborted. */
export async function followSelected(
  first: readonly Stream[],
  look: () => Promise<readonly Stream[]>,
  parts: FollowParts,
): Promise<number> {
  const { options, signal, world } = parts
  assertFew(first.filter(isLive), options)
  const follower = new Follower(parts)
  for (const stream of first) follower.take(stream, options)
  while (!signal.aborted) {
    await follower.ear.wait()
    await world.clock.sleepUntil(after(world.clock.now(), GATHER_MS), signal)
    // What came later is told from its beginning.
    if (!signal.aborted) for (const stream of await look()) follower.take(stream, {})
  }
  return await follower.settled()
}

function assertFew(streams: readonly Stream[], { requestsMax }: LogOptions): void {
  if (streams.length <= requestsMax) return
  throw new UserError(
    `${streams.length} containers are more than the ${requestsMax} that are followed at a time: name fewer, or allow more with --max-log-requests`,
  )
}

/** Streams that are followed side by side; those that are too many wait for their turn. */
class Follower {
  readonly ear: FollowContext['ear']
  readonly #parts: FollowParts
  readonly #taken = new Map<string, Promise<void>>()
  readonly #waiting: (() => void)[] = []
  #running = 0
  #failures = 0

  constructor(parts: FollowParts) {
    this.#parts = parts
    this.ear = createEar(parts.runtime, parts.world.clock, parts.signal)
  }

  /** Once for each. */
  take(stream: Stream, from: From): void {
    if (this.#taken.has(stream.key)) return
    this.#taken.set(stream.key, this.#follow(stream, from))
  }

  async settled(): Promise<number> {
    await Promise.all(this.#taken.values())
    return this.#failures > 0 ? EXIT.failed : EXIT.done
  }

  async #follow(stream: Stream, from: From): Promise<void> {
    const { options, printer, runtime, signal, world } = this.#parts
    const say = (text: string): void => {
      printer.flush()
      if (!signal.aborted) world.stderr.write(`${text}\n`)
    }
    if (this.#running >= options.requestsMax) await this.#turn(stream, say)
    this.#running += 1
    try {
      for await (const line of followedLines(stream, from, { runtime, ear: this.ear, signal, say }))
        printer.line(stream, line)
    } catch (error) {
      if (signal.aborted) return
      this.#failures += 1
      say(`error: reading the log of ${stream.name}: ${messageOf(error)}`)
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }

  async #turn(stream: Stream, say: (text: string) => void): Promise<void> {
    if (isLive(stream))
      say(`${stream.name} is followed once another has ended: --max-log-requests allows no more at a time`)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    this.#parts.signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
  }
}
