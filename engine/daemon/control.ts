import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { objectKey, type ObjectKey } from '../api/names.ts'
import { inSharedFolder } from '../transport/sharedFolder.ts'
import type { ControlAnswer, SyncLine, SyncRequest } from './controlMessages.ts'
import { BodyError, readBody } from './http.ts'
import type { SyncState } from './syncState.ts'

/** What the daemon answers other commands of this machine with. */
export interface ControlHandlers {
  state(): SyncState
  /** Looks at the repository now, and tells until the outcome. Aborted when the asker has gone: what was begun goes on. */
  sync(asked: SyncRequest, tell: (line: SyncLine) => void, signal: AbortSignal): Promise<void>
  approve(commit: string): Promise<ControlAnswer>
  suspend(object: ObjectKey): Promise<ControlAnswer>
  resume(object: ObjectKey): Promise<ControlAnswer>
  /** By method and path, such as `GET /v1/events`; the answer is sent as JSON. */
  readonly more?: Readonly<Record<string, (body: unknown) => Promise<unknown>>>
}

/** Listens on a socket that only root may use. What an earlier daemon left there is replaced: the caller holds the lock. */
export async function serveControl(socketPath: string, handlers: ControlHandlers): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    void answer(request, response, handlers).catch((error: unknown) => fail(response, error))
  })
  await inSharedFolder(dirname(socketPath), async () => {
    await rm(socketPath, { force: true })
    server.listen(socketPath)
    await once(server, 'listening')
  })
  // Accepting a connection may fail for want of file descriptors; those that are there live on.
  server.on('error', () => undefined)
  await chmod(socketPath, 0o600)
  return {
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: ControlHandlers,
): Promise<void> {
  const route = `${request.method ?? ''} ${request.url ?? ''}`
  const body = await jsonOf(request)
  switch (route) {
    case 'GET /v1/state':
      return send(response, 200, handlers.state())
    case 'POST /v1/sync':
      return await sync(parseSync(body), response, handlers)
    case 'POST /v1/approve':
      return send(response, 200, await handlers.approve(textField(body, 'commit')))
    case 'POST /v1/suspend':
      return send(response, 200, await handlers.suspend(objectField(body)))
    case 'POST /v1/resume':
      return send(response, 200, await handlers.resume(objectField(body)))
    default: {
      const other = handlers.more?.[route]
      return other === undefined
        ? send(response, 404, { message: `there is no ${route} here` })
        : send(response, 200, await other(body))
    }
  }
}

async function sync(asked: SyncRequest, response: ServerResponse, handlers: ControlHandlers): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  // Sent at once, so that the asker knows of the wait.
  response.flushHeaders()
  await handlers.sync(asked, (line) => response.write(`${JSON.stringify(line)}\n`), gone.signal)
  response.end()
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(body)}\n`)
}

function fail(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  if (response.headersSent) response.destroy()
  else send(response, error instanceof BodyError ? error.status : 500, { message })
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const text = (await readBody(request)).toString('utf8')
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw wrong('the request is no JSON')
  }
}

function wrong(message: string): BodyError {
  return new BodyError(400, message)
}

function fieldOf(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null) return undefined
  return Object.entries(body).find(([key]) => key === name)?.[1]
}

function textField(body: unknown, name: string): string {
  const value = fieldOf(body, name)
  if (typeof value !== 'string' || value === '') throw wrong(`the request has no ${name}`)
  return value
}

function objectField(body: unknown): ObjectKey {
  const [kind, namespace, name, ...more] = textField(body, 'object').split('/')
  if (kind === undefined || name === undefined || more.length > 0)
    throw wrong('object has to be KIND/NAMESPACE/NAME')
  return objectKey(kind, namespace, name)
}

/** Of the same version of the engine, or refused in words. */
function parseSync(body: unknown): SyncRequest {
  const argv = fieldOf(body, 'argv')
  if (!Array.isArray(argv) || !argv.every((word) => typeof word === 'string'))
    throw wrong('the request has no argv')
  const branch = fieldOf(body, 'branch')
  const path = fieldOf(body, 'path')
  const terminal = fieldOf(body, 'terminal')
  return {
    repository: textField(body, 'repository'),
    ...(typeof branch === 'string' ? { branch } : {}),
    path: typeof path === 'string' ? path : '',
    argv,
    ...(terminal === undefined
      ? {}
      : {
          terminal: {
            columns: Number(fieldOf(terminal, 'columns')),
            rows: Number(fieldOf(terminal, 'rows')),
          },
        }),
    stdoutIsTerminal: fieldOf(body, 'stdoutIsTerminal') === true,
  }
}
