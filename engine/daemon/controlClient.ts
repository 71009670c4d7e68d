import { request, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import type { ObjectKey } from '../api/names.ts'
import type { ControlAnswer, SyncLine, SyncRequest } from './controlMessages.ts'
import type { SyncState } from './syncState.ts'

/** A daemon that drives a root, as other commands on the machine speak with it. All reject with a ControlError. */
export interface ControlClient {
  state(): Promise<SyncState>
  /** The lines as they come; the last one is `end`. Aborted: the daemon goes on by itself. */
  sync(asked: SyncRequest, signal: AbortSignal): AsyncIterable<SyncLine>
  /** Lets a commit that is held be applied. */
  approve(commit: string): Promise<ControlAnswer>
  suspend(object: ObjectKey): Promise<ControlAnswer>
  resume(object: ObjectKey): Promise<ControlAnswer>
  /** Anything else that a part of the daemon answers: the parsed JSON. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown>
}

/** The daemon did not answer as expected: it ended meanwhile, or is of another version. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
}

/** An engine tells how it stands at once; one that somebody has stopped never does. */
const STATE_MS_MAX = 10_000

/** Undefined: nobody listens on this socket. */
export async function connectDaemon(
  socketPath: string,
  stateMsMax: number = STATE_MS_MAX,
): Promise<ControlClient | undefined> {
  const client = createClient(socketPath, stateMsMax)
  try {
    await client.state()
    return client
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    if (cause instanceof Error && 'code' in cause && isNobody(cause.code)) return undefined
    throw error
  }
}

/** No such socket, or one that a daemon left behind. */
function isNobody(code: unknown): boolean {
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}

function createClient(socketPath: string, stateMsMax: number): ControlClient {
  const ask: ControlClient['ask'] = async (method, path, body) => {
    const response = await send(socketPath, method, path, body)
    return parseAnswer(path, await textOf(response), response.statusCode)
  }
  return {
    state: () => stateOf(socketPath, stateMsMax),
    async *sync(asked, signal) {
      const response = await send(socketPath, 'POST', '/v1/sync', asked, signal)
      if (response.statusCode !== 200) {
        parseAnswer('/v1/sync', await textOf(response), response.statusCode)
        return
      }
      for await (const line of createInterface({ input: response })) yield JSON.parse(line) as SyncLine
    },
    approve: async (commit) => (await ask('POST', '/v1/approve', { commit })) as ControlAnswer,
    suspend: async (object) => (await ask('POST', '/v1/suspend', { object })) as ControlAnswer,
    resume: async (object) => (await ask('POST', '/v1/resume', { object })) as ControlAnswer,
    ask,
  }
}

async function stateOf(socketPath: string, msMax: number): Promise<SyncState> {
  const late = AbortSignal.timeout(msMax)
  try {
    const response = await send(socketPath, 'GET', '/v1/state', undefined, late)
    return parseAnswer('/v1/state', await textOf(response), response.statusCode) as SyncState
  } catch (error) {
    if (!late.aborted) throw error
    throw new ControlError(`the engine at ${socketPath} has not answered within ${msMax / 1000} s`)
  }
}

function send(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers = { host: 'engine', 'content-type': 'application/json' }
  const sent = request({ socketPath, method, path, headers, ...(signal && { signal }) }, resolve)
  sent.on('error', (cause) =>
    reject(new ControlError(`asking the engine at ${socketPath}: ${cause.message}`, { cause })),
  )
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}

async function textOf(response: IncomingMessage): Promise<string> {
  return (await response.setEncoding('utf8').toArray()).join('')
}

function parseAnswer(path: string, text: string, status: number | undefined): unknown {
  if (status !== 200)
    throw new ControlError(`the engine answered ${path} with ${status ?? 'nothing'}: ${text.trim()}`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ControlError(`the engine's answer to ${path} cannot be read; it may be of another version`, {
      cause,
    })
  }
}
