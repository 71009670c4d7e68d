import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpTarget } from '../kubelet/handlers.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { TransportError } from '../transport/transport.ts'

export interface HttpAnswer {
  readonly status: number
  readonly message: string
}

/** Imported as modules, these two would load all that has to do with fetch as well: 40 ms until the first probe. */
const { request } = process.getBuiltinModule('node:http')
const { connect: tlsConnect } = process.getBuiltinModule('node:tls')

/** The kubelet's limits. */
const BODY_BYTES_MAX = 10 * 1024
const REDIRECTS_MAX = 10

/**
 * One GET over a connection that the node makes. Redirects within the host are followed; one that leads to another
 * host ends the request and counts as an answer, as the kubelet has it.
 */
export async function httpGet(
  target: HttpTarget,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  let url = new URL(`${target.scheme.toLowerCase()}://${hostPart(target.host)}:${target.port}`)
  url = new URL(target.path === '' ? '/' : target.path, url)
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const { status, location, body } = await get(url, target, runtime, signal)
    if (location === undefined) return { status, message: `HTTP probe answered ${status}: ${body}` }
    const next = new URL(location, url)
    if (next.hostname !== url.hostname) {
      return { status, message: `HTTP probe answered ${status}: redirect to ${next.host} not followed` }
    }
    url = next
  }
  throw new Error(`requesting ${url.href}: stopped after ${REDIRECTS_MAX} redirects`)
}

function hostPart(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

interface Reply {
  readonly status: number
  readonly location?: string
  readonly body: string
}

async function get(url: URL, target: HttpTarget, runtime: Runtime, signal: AbortSignal): Promise<Reply> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const plain = await runtime.connect(host, port, signal)
  const socket = url.protocol === 'https:' ? tlsConnect({ socket: plain, rejectUnauthorized: false }) : plain
  // Not by the request's own `signal`, which takes longer than the request.
  const abandon = (): void => void socket.destroy(new Error('given up'))
  signal.addEventListener('abort', abandon, { once: true })
  let broken: Error | undefined
  plain.once('error', (error: Error) => (broken = error))
  try {
    const response = await answered(socket, url, headersOf(target, url))
    const body = await text(response)
    const status = response.statusCode ?? 0
    const { location } = response.headers
    return status >= 300 && status < 400 && location !== undefined
      ? { status, location, body }
      : { status, body }
  } catch (error) {
    // The node's line has ended in the middle: that says nothing of who was asked.
    throw broken instanceof TransportError ? broken : error
  } finally {
    signal.removeEventListener('abort', abandon)
    socket.destroy()
    plain.destroy()
  }
}

function headersOf(target: HttpTarget, url: URL): Readonly<Record<string, string[]>> {
  const headers: Record<string, string[]> = {}
  for (const [name, value] of target.headers) (headers[name.toLowerCase()] ??= []).push(value)
  headers['host'] ??= [url.host]
  headers['connection'] = ['close']
  return headers
}

function answered(
  socket: Duplex,
  url: URL,
  headers: Readonly<Record<string, string[]>>,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request({
    createConnection: () => socket,
    method: 'GET',
    path: `${url.pathname}${url.search}`,
    headers,
  })
    .once('response', resolve)
    .once('error', (error) => reject(new Error(`requesting ${url.href}: ${error.message}`, { cause: error })))
    .end()
  return promise
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) continue
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= BODY_BYTES_MAX) break
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX).toString('utf8').trim()
}
