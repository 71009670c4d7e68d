import { execa } from 'execa'
import { exitCodeOf, KILL_AFTER_MS, resultOf } from '../commandEnd.ts'
import { NoLane, PATH } from '../lane.ts'
import { quote } from '../quote.ts'
import { type Command, type CommandResult, TransportError } from '../transport.ts'
import { ACCOUNT_FILE, parseAccount, withinAccount } from './account.ts'
import type { SshOptions } from './master.ts'
import { type Line, sessionUntil } from './line.ts'
import type { Session } from './session.ts'

/** As on this machine: in a process group of its own, with no environment but its own; whatever ends the connection, it goes on. */
export async function runOver(
  line: Line,
  { address }: SshOptions,
  command: Command,
  signal?: AbortSignal,
): Promise<CommandResult> {
  const { lane } = await line.session(signal)
  signal?.throwIfAborted()
  const notRun = (program: string, cause: unknown): Error =>
    cause instanceof TransportError
      ? cause
      : new TransportError(`running ${program} on ${address.text}: ${wordsOf(cause)}`, { cause })
  try {
    const started = lane.begin(command.argv, environment(command), command.stdin)
    return await resultOf(command, started, signal, notRun)
  } catch (error) {
    throw error instanceof NoLane ? notRun(command.argv[0], error) : error
  }
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function environment({ env }: Command): Record<string, string> {
  return { PATH, ...env }
}

/** More than this is not asked for until somebody takes what there is. */
const WAITING_BYTES_MAX = 1024 * 1024

/** stdout as it comes. The other end waits while nobody takes it. */
export async function* streamOver(
  line: Line,
  command: Command,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const session = await sessionUntil(line, signal)
  if (session === undefined) return
  const chunks: Buffer[] = []
  let bytes = 0
  let held = false
  let isWanted = true
  let wake = Promise.withResolvers<void>()
  const started = session.lane.begin(command.argv, environment(command), command.stdin, (kind, chunk) => {
    if (kind !== 'o' || !isWanted) return
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > WAITING_BYTES_MAX && !held) held = ask(session, 'hold', started.id)
    wake.resolve()
  })
  const end = endOf(started.ended, () => wake.resolve())
  const stop = (): void => {
    isWanted = false
    // Its end is told once all that it has said has been taken.
    if (held) held = !ask(session, 'goOn', started.id)
    started.kill('SIGTERM')
    setTimeout(() => {
      // By then the number of one that has ended may be somebody else's.
      if (!end.isOver) started.kill('SIGKILL')
    }, KILL_AFTER_MS).unref()
    wake.resolve()
  }
  signal.addEventListener('abort', stop)
  try {
    while (!signal.aborted) {
      const chunk = chunks.shift()
      if (chunk !== undefined) {
        bytes -= chunk.length
        yield chunk
        continue
      }
      if (held) held = !ask(session, 'goOn', started.id)
      if (end.isOver) break
      await wake.promise
      wake = Promise.withResolvers<void>()
    }
    if (!signal.aborted && end.error !== undefined) throw end.error
  } finally {
    signal.removeEventListener('abort', stop)
    if (isWanted && !end.isOver) stop()
  }
}

function endOf(ended: Promise<unknown>, told: () => void): { isOver: boolean; error?: Error } {
  const end: { isOver: boolean; error?: Error } = { isOver: false }
  const over = (): void => {
    end.isOver = true
    told()
  }
  ended.then(over, (error: unknown) => {
    end.error = error instanceof Error ? error : new Error(String(error))
    over()
  })
  return end
}

function ask(session: Session, name: 'hold' | 'goOn', id: number): true {
  session.operate(name, [id]).catch(() => undefined)
  return true
}

/** In a session of its own of the same connection, with the caller's terminal. */
export async function runInteractiveOver(
  line: Line,
  { account, environment: own }: SshOptions,
  command: Command,
): Promise<number> {
  const { master } = await line.session()
  const within = account === undefined ? [] : await withinOf(line)
  const variables = Object.entries(environment(command)).map(([name, value]) => `${name}=${value}`)
  const words = quote(['exec', ...within, 'env', '-i', ...terminal(own), ...variables, ...command.argv])
  const isTerminal = process.stdin.isTTY && command.stdin === undefined
  const result = await execa('ssh', [isTerminal ? '-tt' : '-T', ...master.session(), words], {
    env: own,
    extendEnv: false,
    stdio: [command.stdin === undefined ? 'inherit' : 'ignore', 'inherit', 'inherit'],
    reject: false,
    cleanup: true,
  })
  return result.exitCode ?? exitCodeOf(result.signal)
}

async function withinOf({ operate }: Line): Promise<readonly string[]> {
  const account = parseAccount((await operate('readFile', [ACCOUNT_FILE]))[0])
  if (account === undefined) return []
  const [keeper] = await operate('readFile', [`${account.folder}/keeper`])
  return withinAccount(String(keeper))
}

function terminal({ TERM }: Readonly<Record<string, string>>): readonly string[] {
  return TERM === undefined ? [] : [`TERM=${TERM}`]
}
