import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { onTestFinished } from 'vitest'

const BACKEND = '/usr/lib/git-core/git-http-backend'

export interface GitServer {
  /** `127.0.0.1:port` */
  readonly host: string
  /** Each request, and the command lines of this machine's processes while it was answered. */
  readonly requests: readonly { readonly path: string; readonly processes: readonly string[] }[]
}

export interface GitServerOptions {
  /** What the server asks for, as `user:password`; absent: nothing. */
  readonly account?: string
  /** Called with each request in place of an answer. */
  readonly instead?: () => void
}

/** Git's own server behind HTTP, for the repositories in the folder that `repository` lies in; ends with the test. */
export async function gitServer(repository: string, options: GitServerOptions = {}): Promise<GitServer> {
  const requests: { path: string; processes: readonly string[] }[] = []
  const wanted = options.account === undefined ? undefined : `Basic ${btoa(options.account)}`
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end()
      return
    }
    requests.push({ path, processes: commandLines() })
    if (options.instead === undefined) answer(dirname(repository), request, response)
    else options.instead()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        // It has ended meanwhile.
        return ''
      }
    })
}

/** CGI: the request in the environment and the input, headers and body in the output. */
function answer(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '', 'http://localhost')
  const backend = spawn(BACKEND, [], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      HTTP_GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  })
  const chunks: Buffer[] = []
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  backend.on('close', () => {
    const all = Buffer.concat(chunks)
    const end = all.indexOf('\r\n\r\n')
    const headers = all
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line) => line.split(': '))
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200'
    for (const [name = '', value = ''] of headers) if (name !== 'Status') response.setHeader(name, value)
    response.writeHead(Number.parseInt(status, 10)).end(all.subarray(end + 4))
  })
  request.pipe(backend.stdin)
}
