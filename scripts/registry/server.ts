import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Debian's docker-registry as a process of our own: on loopback, plain http, all it has in one folder. */
export interface RegistryServer {
  readonly pid: number
  readonly port: number
  readonly url: string
}

export interface RegistryOptions {
  readonly directory: string
  /** Absent: one that is free. */
  readonly port?: number
  /** A file of htpasswd lines with bcrypt hashes. */
  readonly htpasswd?: string
}

const STARTS = 5
const ANSWER_LIMIT_MS = 10_000

/** Starts it unless it runs; resolves when it answers. */
export async function startServer(options: RegistryOptions): Promise<RegistryServer> {
  const running = runningServer(options.directory)
  if (running !== undefined && (options.port ?? running.port) === running.port) return running
  if (running !== undefined)
    throw new Error(`a registry runs in ${options.directory} already, on port ${running.port}`)
  mkdirSync(options.directory, { recursive: true })
  for (let start = 1; ; start += 1) {
    const port = options.port ?? (await freePort())
    const server = await launch(options, port)
    if (server !== undefined) return server
    // Somebody else took the port between our look and the start.
    if (options.port !== undefined || start === STARTS) throw new Error(failure(options.directory, port))
  }
}

/** Ends the registry of this folder, if it runs; resolves when it has gone. */
export async function stopServer(directory: string): Promise<boolean> {
  const server = runningServer(directory)
  rmSync(pidFile(directory), { force: true })
  if (server === undefined) return false
  process.kill(server.pid, 'SIGTERM')
  const until = performance.now() + 2_000
  while (isOurs(server.pid, directory)) {
    if (performance.now() > until) process.kill(server.pid, 'SIGKILL')
    await sleep(5)
  }
  return true
}

/** By its pid file; a pid that is another program's by now does not count. */
export function runningServer(directory: string): RegistryServer | undefined {
  if (!existsSync(pidFile(directory))) return undefined
  const [pid = 0, port = 0] = readFileSync(pidFile(directory), 'utf8').trim().split(' ').map(Number)
  return isOurs(pid, directory) ? server(pid, port) : undefined
}

function server(pid: number, port: number): RegistryServer {
  return { pid, port, url: `http://127.0.0.1:${port}` }
}

async function launch(options: RegistryOptions, port: number): Promise<RegistryServer | undefined> {
  const { directory } = options
  writeFileSync(configFile(directory), configuration(options, port))
  const log = openSync(join(directory, 'log'), 'a')
  const child = spawn('docker-registry', ['serve', configFile(directory)], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  const ended = new AbortController()
  child.once('exit', () => ended.abort())
  child.once('error', () => ended.abort())
  if (!(await answers(port, directory, ended.signal)) || child.pid === undefined) return undefined
  child.unref()
  writeFileSync(pidFile(directory), `${child.pid} ${port}\n`)
  return server(child.pid, port)
}

/** Tells our registry from another that has the port. */
const OWNER = 'x-reconcile-registry'

/** It says nothing when it is ready, so it is asked, until it answers or has ended: another one may have the port. */
async function answers(port: number, directory: string, ended: AbortSignal): Promise<boolean> {
  const until = performance.now() + ANSWER_LIMIT_MS
  while (!ended.aborted) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v2/`)
      await response.arrayBuffer()
      if (response.headers.get(OWNER) === encodeURIComponent(directory)) return true
    } catch (error) {
      if (performance.now() > until) throw error
    }
    await sleep(10)
  }
  return false
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise<void>((resolve) => probe.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** Our own child may be a zombie for a moment; that one has no command line. */
function isOurs(pid: number, directory: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(configFile(directory))
  } catch {
    return false
  }
}

function configuration(options: RegistryOptions, port: number): string {
  return JSON.stringify({
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(options.directory, 'storage') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, headers: { [OWNER]: [encodeURIComponent(options.directory)] } },
    ...(options.htpasswd === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'registry', path: options.htpasswd } } }),
  })
}

function failure(directory: string, port: number): string {
  const log = readFileSync(join(directory, 'log'), 'utf8').trim().split('\n').slice(-3).join('\n')
  return `docker-registry did not start on port ${port} (is it installed, and the port free?): ${log}`
}

function configFile(directory: string): string {
  return join(directory, 'config.yml')
}

function pidFile(directory: string): string {
  return join(directory, 'pid')
}
