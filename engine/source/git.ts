import { existsSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { redactUrls } from './redact.ts'
import { SourceError } from './source.ts'

export interface GitOptions {
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdin?: string
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

export interface GitResult {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: string
}

const GIT_TIMEOUT_MS = 60_000

/** Git's variables that say how to reach and trust a server. All others could point it at another repository. */
const KEPT_GIT_VARIABLES = new Set([
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_ASKPASS',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
  'GIT_ALLOW_PROTOCOL',
  'GIT_PROXY_COMMAND',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
])

/** The environment for Git: no GIT_DIR of a hook that called us, no prompt, English messages, nothing written aside. */
export function gitEnvironment(environment: GitOptions['environment']): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (!entry[0].startsWith('GIT_') || KEPT_GIT_VARIABLES.has(entry[0])),
  )
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_SSH_COMMAND: environment['GIT_SSH_COMMAND'] ?? 'ssh -o BatchMode=yes',
  }
}

/** Settings that a repository cannot override: nothing of its own is run while it is read. */
export const SAFE_SETTINGS = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'] as const

/** Runs Git and resolves also when it fails; rejects when there is no Git, when it takes too long, or when aborted. */
export function git(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const { promise, resolve, reject } = Promise.withResolvers<GitResult>()
  const timeout = AbortSignal.timeout(options.timeoutMs ?? GIT_TIMEOUT_MS)
  const child = spawn('git', [...SAFE_SETTINGS, ...args], {
    cwd: options.cwd,
    env: gitEnvironment(options.environment),
    signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  // Git may end before it has read all of its input, for instance on a corrupt repository: its message is what counts.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  child.on('error', (cause) => reject(spawnError(args, options, cause, timeout.aborted)))
  child.on('close', (exitCode) => {
    const text = redactUrls(Buffer.concat(stderr).toString('utf8').trim())
    resolve({ exitCode: exitCode ?? 128, stdout: Buffer.concat(stdout), stderr: text })
  })
  return promise
}

/** As `git`, but rejects with a SourceError when Git fails. `doing` completes "while ...". */
export async function gitOrThrow(
  doing: string,
  args: readonly string[],
  options: GitOptions,
): Promise<Buffer> {
  const result = await git(args, options)
  if (result.exitCode !== 0) throw gitFailure(doing, result, options.cwd)
  return result.stdout
}

export function gitFailure(doing: string, result: GitResult, folder: string): SourceError {
  if (/dubious ownership/.test(result.stderr)) {
    return new SourceError(
      `${doing}: ${folder} belongs to another user, and git does not trust it; if you do: git config --global --add safe.directory ${folder}`,
    )
  }
  return new SourceError(`${doing}: ${lastLine(result.stderr) || `git ended with status ${result.exitCode}`}`)
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const fatal = lines.findLast((line) => /^(fatal|error|remote):/.test(line))
  return (fatal ?? lines.at(-1) ?? '').replace(/^(fatal|error): /, '')
}

export function gitMissing(cause?: unknown): SourceError {
  return new SourceError('git is not installed; install it (on Debian: apt-get install git)', { cause })
}

function spawnError(args: readonly string[], options: GitOptions, cause: Error, timedOut: boolean): Error {
  // Of a folder that is gone the system says that there is no program.
  if ('code' in cause && cause.code === 'ENOENT' && !existsSync(options.cwd))
    return new SourceError(`the folder ${options.cwd} is not there any more`, { cause })
  // EACCES: what is there cannot be run.
  if ('code' in cause && (cause.code === 'ENOENT' || cause.code === 'EACCES')) {
    return gitMissing(cause)
  }
  if (timedOut) {
    const seconds = (options.timeoutMs ?? GIT_TIMEOUT_MS) / 1000
    return new SourceError(`git ${args[0] ?? ''} in ${options.cwd} did not end within ${seconds} s`, {
      cause,
    })
  }
  return cause
}
