import { readFileSync } from 'node:fs'
import { Lane, LANE_SOURCE, type LaneProcess, NoLane, type Listener } from '../lane.ts'
import { TransportError } from '../transport.ts'
import { accountText } from './account.ts'
import { type Master, openMaster, READY, type SshOptions, type SshProcess } from './master.ts'
import { decoded, encoded, type Word } from './words.ts'

/** In this order, in one program; lane.pl, which asks and answers, is the last. Beside this file, also when it is bundled. */
const PARTS = [
  new URL('files.pl', import.meta.url),
  new URL('trees.pl', import.meta.url),
  new URL('beneath.pl', import.meta.url),
  new URL('ways.pl', import.meta.url),
  LANE_SOURCE,
]

/** A connection to a machine, with our program at its other end. */
export interface Session extends AsyncDisposable {
  readonly lane: Lane
  readonly master: Master
  /** Aborted when the connection is gone, with the reason. */
  readonly lost: AbortSignal
  /** One question, one answer. Rejects as Node's own file functions do, or with TransportError when the connection is gone. */
  operate(name: string, words: readonly Word[], signal?: AbortSignal): Promise<readonly Buffer[]>
  /** As `operate`, for what goes on afterwards: `told` hears of it until it returns true. The question's number. */
  begin(name: string, words: readonly Word[], heard: Heard, signal?: AbortSignal): Promise<number>
}

export interface Heard {
  /** `x` is its end. */
  told(kind: 'o' | 'x', body: Buffer): void
  lost(error: Error): void
}

export async function openSession(options: SshOptions, signal: AbortSignal): Promise<Session> {
  const master = await openMaster(options, programText(options), signal)
  const { child } = master
  const lost = new AbortController()
  const hangs = (error: Error): void => {
    lost.abort(error)
    lane.end(error)
    void master[Symbol.asyncDispose]()
  }
  const lane = new Lane({
    child: processOf(child),
    send: (group, signal) => {
      void operate(lane, 'signal', [-group, numberOf(signal)]).catch(() => undefined)
    },
    gone: () => {
      const error = master.why()
      lost.abort(error)
      return error
    },
  })
  return {
    lane,
    master,
    lost: lost.signal,
    operate: async (name, words, signal) => {
      using _ = answerDue(name, options, lane, hangs)
      return await operate(lane, name, words, signal)
    },
    begin: (name, words, heard, signal) => beginWay(lane, { name, words, heard }, signal),
    [Symbol.asyncDispose]: async () => await master[Symbol.asyncDispose](),
  }
}

/** What the machine's disk may take, which tells a machine that hangs from one that is slow. */
const ANSWER_TIMEOUT_MS = 60_000
/** A tree of millions of files; and bytes for somebody who takes them when he likes. */
const ANSWER_TIMEOUTS_MS: ReadonlyMap<string, number> = new Map([
  ['remove', 30 * 60_000],
  ['write', Number.POSITIVE_INFINITY],
])

/**
 * Until it is disposed of. Who has hung once may do anything later, so the whole connection ends: what is wanted then is asked anew. What is on its way
 * over a slow line is waited for.
 */
function answerDue(
  name: string,
  { address, answerTimeoutMs = ANSWER_TIMEOUT_MS }: SshOptions,
  lane: Pick<Lane, 'transferred'>,
  hangs: (error: Error) => void,
): Disposable {
  const timeoutMs = ANSWER_TIMEOUTS_MS.get(name) ?? answerTimeoutMs
  if (timeoutMs === Number.POSITIVE_INFINITY) return { [Symbol.dispose]: () => undefined }
  const message = `${address.text} has not answered ${name} for ${timeoutMs / 1000} s, so the connection is given up: look whether a disk or a mount hangs there`
  let before = lane.transferred
  const timer = setInterval(() => {
    const now = lane.transferred
    if (now === undefined || now === before) hangs(new TransportError(message))
    before = now
  }, timeoutMs)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

function processOf({ nodeChildProcess, stdin, stdout }: SshProcess): LaneProcess['child'] {
  return Object.assign(nodeChildProcess, { stdin, stdout })
}

let program: string | undefined

function programText({ account }: Pick<SshOptions, 'account'>): string {
  program ??= [
    `syswrite STDOUT, ${JSON.stringify(READY)};`,
    ...PARTS.map((part) => readFileSync(part, 'utf8')),
  ].join('\n')
  return account === undefined ? program : `${accountText(account)}\n${program}`
}

function numberOf(signal: NodeJS.Signals): number {
  return signal === 'SIGTERM' ? 15 : 9
}

async function operate(
  lane: Lane,
  name: string,
  words: readonly Word[],
  signal?: AbortSignal,
): Promise<readonly Buffer[]> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<readonly Buffer[]>()
  ask(lane, name, words, {
    told: (kind, body) => {
      if (kind === 'r') resolve(decoded(body))
      else reject(errorOf(body))
      return true
    },
    lost: reject,
  })
  return await unlessAborted(promise, signal)
}

interface Beginning {
  readonly name: string
  readonly words: readonly Word[]
  readonly heard: Heard
}

async function beginWay(
  lane: Lane,
  { heard, name, words }: Beginning,
  signal?: AbortSignal,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let begun = false
  const id = ask(lane, name, words, {
    told: (kind, body) => {
      if (kind === 'o' || kind === 'x') {
        heard.told(kind, body)
        return kind === 'x'
      }
      begun = kind === 'r'
      if (begun) resolve()
      else reject(errorOf(body))
      return !begun
    },
    lost: (error) => (begun ? heard.lost(error) : reject(error)),
  })
  try {
    await unlessAborted(promise, signal)
  } catch (error) {
    if (signal?.aborted === true) endWay(lane, id)
    throw error
  }
  return id
}

/** Whether it has begun or not; nobody waits for the answer. */
export function endWay(lane: Lane, id: number): void {
  lane.forget(id)
  if (!lane.isOver) void operate(lane, 'close', [id]).catch(() => undefined)
}

function ask(lane: Lane, name: string, words: readonly Word[], listener: Listener): number {
  try {
    return lane.ask((id) => {
      const body = encoded(words)
      return Buffer.concat([Buffer.from(`${id} ${body.length} 0 0 ${name}\n`), body])
    }, listener)
  } catch (error) {
    throw error instanceof NoLane ? new TransportError(error.message) : error
  }
}

/** What was asked goes on there; only nobody waits for it, or for how it fails. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop)
  try {
    return await Promise.race([aborted, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** As Node's errors of its own calls, so that whoever looks at `code` need not know where the file is. */
function errorOf(body: Buffer): Error {
  const [code = '', syscall = '', path = '', text = ''] = decoded(body).map(String)
  const message =
    path === '' ? `${code}: ${text.trim()}, ${syscall}` : `${code}: ${text.trim()}, ${syscall} '${path}'`
  return Object.assign(new Error(message), { code, syscall, path })
}
