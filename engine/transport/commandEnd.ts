import type { Ended, Started } from './lane.ts'
import { NoLane } from './lane.ts'
import type { Command, CommandResult } from './transport.ts'

const TIMEOUT_MS = 60_000
/** From the polite signal to the certain one, once a command has run out of time or is not wanted any more. */
export const KILL_AFTER_MS = 5_000
/** From the certain one to going on without its end: what has a session of its own may keep the output open for ever. */
const LET_GO_AFTER_MS = 1_000

/** Of a command that has been started: ended when its time is over, or when it is not wanted any more. */
export async function resultOf(
  command: Command,
  started: Started,
  signal: AbortSignal | undefined,
  notRun: (program: string, cause: unknown) => Error,
): Promise<CommandResult> {
  const ending = new Ending(started)
  const timer = setTimeout(() => ending.outOfTime(), command.timeoutMs ?? TIMEOUT_MS)
  const notWanted = () => ending.begin()
  signal?.addEventListener('abort', notWanted)
  try {
    const { exitCode, signal: by, stderr, stdout } = await Promise.race([started.ended, ending.letGo])
    signal?.throwIfAborted()
    return {
      exitCode: exitCode ?? exitCodeOf(by),
      ...(by === undefined ? {} : { signal: by }),
      stdout,
      stderr,
      timedOut: ending.timedOut,
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof NoLane ? error : notRun(command.argv[0], error)
  } finally {
    clearTimeout(timer)
    ending.over()
    signal?.removeEventListener('abort', notWanted)
  }
}

/** From the polite signal to the certain one, to a whole process group, and on to nobody waiting any more. */
class Ending {
  timedOut = false
  readonly #started: Started
  readonly #letGo = Promise.withResolvers<Ended>()
  #timer: NodeJS.Timeout | undefined

  constructor(started: Started) {
    this.#started = started
  }

  outOfTime(): void {
    this.timedOut = true
    this.begin()
  }

  begin(): void {
    if (this.#timer !== undefined) return
    this.#started.kill('SIGTERM')
    this.#timer = setTimeout(() => this.#kill(), KILL_AFTER_MS)
  }

  #kill(): void {
    this.#started.kill('SIGKILL')
    this.#timer = setTimeout(() => {
      this.#letGo.resolve({ signal: 'SIGKILL', stdout: '', stderr: '' })
      this.#started.letGo()
    }, LET_GO_AFTER_MS)
  }

  /** As the end of what was killed, and has not been seen to end. */
  get letGo(): Promise<Ended> {
    return this.#letGo.promise
  }

  over(): void {
    clearTimeout(this.#timer)
  }
}

/** A shell's convention; which signal it was stands beside it. */
export function exitCodeOf(signal: string | undefined): number {
  return signal === 'SIGKILL' ? 137 : signal === 'SIGTERM' ? 143 : 128
}
