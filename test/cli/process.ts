import { spawn } from 'node:child_process'

const MAIN = new URL('../../engine/main.ts', import.meta.url).pathname

export interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
  /** As another user. */
  readonly uid?: number
}

/** The engine as a process of its own, as a user starts it. */
export function reconcile(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return runProgram(process.execPath, [MAIN, ...args], options)
}

export function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Run>()
  const child = spawn(program, args, {
    cwd: options.cwd ?? '/',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...options.environment },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  child.on('error', reject)
  child.on('close', (status) => resolve({ status, stdout, stderr }))
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  return promise
}

export { MAIN }
