import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from '../reconciler/logger.ts'
import { messageOf, stackOf } from '../reconciler/problems.ts'
import { addressText, type ListenAddress } from './address.ts'
import { type Answer, BodyError, plain, readBody, send } from './http.ts'
import { isMetricGroup, METRIC_GROUPS } from './metrics/groups.ts'
import { RateLimit } from './rateLimit.ts'
import { answerWebhook, type WebhookOptions } from './webhookRoute.ts'

export interface ListenOptions {
  readonly address: ListenAddress
  /** The exposition for Prometheus; of these groups, or of all when none is named. */
  readonly metrics: (groups: ReadonlySet<string>) => Promise<string>
  readonly health: HealthChecks
  /** Absent: there is no /webhook. */
  readonly webhook?: WebhookOptions
  readonly log: Logger
  /** Other ones for a test. */
  readonly limits?: Partial<ListenLimits>
}

export interface ListenLimits {
  /** From the connection to the end of the headers, and of the whole request. */
  readonly headersMs: number
  readonly requestMs: number
  /** Nothing is read and nothing written for so long: whoever takes no answer is let go of. */
  readonly idleMs: number
  readonly connectionsMax: number
  /** Answers with metrics that are being sent: each may be megabytes, and its reader slow. */
  readonly scrapesAtOnceMax: number
  /** Each may hold a body of a megabyte. */
  readonly webhooksAtOnceMax: number
  /** From one address; many at once, and then so many. */
  readonly webhooksBurst: number
  readonly webhooksPerSecond: number
}

export const LISTEN_LIMITS: ListenLimits = {
  headersMs: 5_000,
  requestMs: 10_000,
  idleMs: 15_000,
  connectionsMax: 64,
  scrapesAtOnceMax: 8,
  webhooksAtOnceMax: 8,
  webhooksBurst: 60,
  webhooksPerSecond: 5,
}

/** Undefined: all is well; else why not, in words for people. */
export interface HealthChecks {
  /** The loop goes on. */
  readonly live: () => string | undefined
  /** The nodes have been looked at, and a commit is applied. */
  readonly ready: () => string | undefined
}

export interface Listening extends AsyncDisposable {
  readonly port: number
}

/** The address cannot be had: taken by another, not one of this machine's, not permitted. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

const HEADER_BYTES_MAX = 16 * 1024

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Rejects with ListenError. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const limits = { ...LISTEN_LIMITS, ...options.limits }
  const routes = routesOf(options, limits)
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
      keepAliveTimeout: limits.idleMs,
      maxHeaderSize: HEADER_BYTES_MAX,
    },
    (request, response) => void respond(routes, request, response, options.log),
  )
  server.maxConnections = limits.connectionsMax
  server.setTimeout(limits.idleMs)
  const port = await bound(server, options.address)
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function bound(server: Server, address: ListenAddress): Promise<number> {
  const { promise, reject, resolve } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host: address.host, port: address.port, exclusive: true }, resolve)
  try {
    await promise
  } catch (error) {
    throw new ListenError(refusal(address, error), { cause: error })
  }
  server.off('error', reject)
  // Accepting a connection may fail for want of file descriptors; those that are there live on.
  server.on('error', () => undefined)
  const given = server.address()
  return typeof given === 'object' && given !== null ? given.port : address.port
}

function refusal(address: ListenAddress, error: unknown): string {
  const what = `listening on ${addressText(address)}`
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'EADDRINUSE':
      return `${what}: another process has this port; name another one with --listen`
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return `${what}: this machine has no such address; name one that it has, or 0.0.0.0 for all`
    case 'EACCES':
      return `${what}: not permitted; name a port above 1023`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${what}: there is no host of this name`
    default:
      return `${what}: ${messageOf(error)}`
  }
}

type Handler = (
  request: IncomingMessage,
  query: URLSearchParams,
  response: ServerResponse,
) => Answer | Promise<Answer>
type Routes = ReadonlyMap<string, Readonly<Record<string, Handler>>>

function routesOf({ health, metrics, webhook }: ListenOptions, limits: ListenLimits): Routes {
  const asked = (check: () => string | undefined): Readonly<Record<string, Handler>> => {
    const answer = (): Answer => {
      const why = check()
      return why === undefined ? plain(200, 'ok') : plain(503, why)
    }
    return { GET: answer, HEAD: answer }
  }
  const routes = new Map<string, Readonly<Record<string, Handler>>>([
    ['/healthz', asked(health.live)],
    ['/readyz', asked(health.ready)],
    [
      '/metrics',
      {
        GET: metricsHandler(metrics, limits),
        HEAD: () => ({ status: 200, type: METRICS_CONTENT_TYPE, text: '' }),
      },
    ],
  ])
  if (webhook !== undefined) routes.set('/webhook', { POST: webhookHandler(webhook, limits) })
  return routes
}

function metricsHandler(metrics: ListenOptions['metrics'], { scrapesAtOnceMax }: ListenLimits): Handler {
  let underWay = 0
  return async (_request, query, response) => {
    const groups = new Set(query.getAll('collect[]'))
    if (![...groups].every(isMetricGroup))
      return plain(400, `there is no such group of metrics; there are ${METRIC_GROUPS.join(', ')}`)
    if (underWay >= scrapesAtOnceMax) return plain(503, 'busy', { 'retry-after': '1' })
    underWay += 1
    response.once('close', () => (underWay -= 1))
    return { status: 200, type: METRICS_CONTENT_TYPE, text: await metrics(groups) }
  }
}

/** Strangers may ask as well: what they can make the engine do is bounded before anything is read. */
function webhookHandler(webhook: WebhookOptions, limits: ListenLimits): Handler {
  const rate = new RateLimit({ perSecond: limits.webhooksPerSecond, burst: limits.webhooksBurst })
  let underWay = 0
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const from = request.socket.remoteAddress ?? ''
    if (!rate.take(from, performance.now())) return plain(429, 'too many requests', { 'retry-after': '10' })
    if (underWay >= limits.webhooksAtOnceMax) return plain(503, 'busy', { 'retry-after': '1' })
    underWay += 1
    try {
      return answerWebhook({ headers: request.headers, body: await readBody(request) }, webhook)
    } catch (error) {
      if (error instanceof BodyError) return plain(error.status, error.message)
      throw error
    } finally {
      underWay -= 1
    }
  }
  return async (request) => {
    const answered = await answer(request)
    webhook.answered?.(answered.status)
    return answered
  }
}

/** Whatever is asked and whatever goes wrong: an answer, and the engine goes on. */
async function respond(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
  log: Logger,
): Promise<void> {
  // A connection that breaks off; the answer is nobody's then.
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  try {
    send(request, response, await answered(routes, request, response))
  } catch (error) {
    log('error', `a bug in the engine: answering ${request.method ?? ''} failed: ${messageOf(error)}`, {
      stack: stackOf(error),
    })
    send(request, response, plain(500, 'a bug in the engine; its log says more'))
  }
}

async function answered(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<Answer> {
  const target = request.url ?? '/'
  // A proxy's form names a host, which is of no interest here.
  const url = URL.parse(target.startsWith('/') ? `http://engine${target}` : target)
  if (url === null) return plain(400, 'no such address')
  const route = routes.get(url.pathname)
  if (route === undefined) return plain(404, 'not found')
  const handler = Object.hasOwn(route, request.method ?? '') ? route[request.method ?? ''] : undefined
  if (handler === undefined) return plain(405, 'method not allowed', { allow: Object.keys(route).join(', ') })
  return await handler(request, url.searchParams, response)
}
