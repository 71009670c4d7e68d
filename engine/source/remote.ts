import type { SimpleGitOptions } from 'simple-git'
import { addressOf } from './credentials.ts'
import { gitEnvironment, gitMissing, type GitOptions } from './git.ts'
import { redactUrls } from './redact.ts'
import { type FetchProgress, SourceError } from './source.ts'

/** A server that says nothing for so long has forgotten us. One that works tells of its progress. */
const SILENCE_MS_MAX = 120_000

/**
 * From the end of Git to the end of its output. A Git that was ended leaves its way to the server behind, which keeps the
 * output open until it finds out (`http.lowSpeedTime` at the latest).
 */
const OUTPUT_END_MS_MAX = 1_000

/** Programs for somebody at a keyboard. simple-git refuses them, and nobody is there. */
const FOR_PEOPLE = new Set(['editor', 'visual', 'pager', 'prefix'])

/**
 * What simple-git must let pass: variables of the user's own that say how to reach a server, and settings of ours. None
 * of them comes from a repository.
 */
const UNSAFE: NonNullable<SimpleGitOptions['unsafe']> = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeGitProxy: true,
  allowUnsafeHooksPath: true,
  allowUnsafeSshCommand: true,
}

export interface RemoteOptions extends GitOptions {
  readonly onFetch?: ((progress: FetchProgress) => void) | undefined
}

/**
 * Runs one of Git's commands that talk to another machine, in the mirror `options.cwd`. `args` is given the
 * address without its credentials, which are in no command line. Loaded at its first use: most repositories are local.
 */
export async function runRemote(
  repo: string,
  args: (url: string) => readonly string[],
  options: RemoteOptions,
): Promise<string> {
  const { simpleGit } = await import('simple-git')
  const { url, environment } = addressOf(repo)
  const env = { ...withoutPrograms(gitEnvironment(options.environment)), ...environment }
  const silenceMs = options.timeoutMs ?? SILENCE_MS_MAX
  // simple-git makes an error of its own from what it is given.
  let refused: SourceError | undefined
  const git = simpleGit({
    baseDir: options.cwd,
    config: [
      'core.hooksPath=/dev/null',
      'gc.auto=0',
      'http.lowSpeedLimit=1',
      `http.lowSpeedTime=${Math.ceil(silenceMs / 1000)}`,
    ],
    allowEnvironment: Object.keys(env),
    unsafe: UNSAFE,
    timeout: { block: silenceMs },
    completion: { onClose: true, onExit: OUTPUT_END_MS_MAX },
    errors: (error, { exitCode, stdErr }) => {
      if (exitCode === 0 || isOfPlugin(error)) return error
      refused = refusal(repo, Buffer.concat(stdErr).toString('utf8'))
      return refused
    },
    ...(options.signal === undefined ? {} : { abort: options.signal }),
    ...(options.onFetch === undefined ? {} : { progress: progressOf(options.onFetch) }),
  })
  try {
    return await git.env(env).raw([...args(url)])
  } catch (error) {
    options.signal?.throwIfAborted()
    throw refused ?? failure(repo, error, silenceMs)
  }
}

function withoutPrograms(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !FOR_PEOPLE.has(name.toLowerCase())),
  )
}

function progressOf(tell: (progress: FetchProgress) => void): NonNullable<SimpleGitOptions['progress']> {
  return ({ stage: first, progress }) => {
    const stage = first.trim()
    // The server's own lines begin with `remote:`; what it counts there is no part of what is waited for.
    if (stage === 'receiving' || stage === 'resolving') tell({ stage, percent: progress })
  }
}

/** simple-git's own: an abort, a time that has passed, a guard. */
function isOfPlugin(error: unknown): error is { readonly plugin: unknown } {
  return typeof error === 'object' && error !== null && 'plugin' in error
}

function refusal(repo: string, stderr: string): SourceError {
  if (/^Error: spawn git (ENOENT|EACCES)/.test(stderr)) return gitMissing()
  const lines = redactUrls(stderr)
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')
  const line = reasonIn(lines) ?? lines.at(-1) ?? 'git says nothing'
  return fetchError(repo, `${line.replace(/^(fatal|error): /, '')}${hint(repo, stderr)}`)
}

/** Git's own, or what ssh has said before Git found that it has heard nothing. */
function reasonIn(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => /^(fatal|error):/.test(line))
  const own = lines[at]
  return own?.includes('Could not read from remote repository') === true ? (lines[at - 1] ?? own) : own
}

function hint(repo: string, stderr: string): string {
  if (/host key verification failed/i.test(stderr))
    return '; compare its key with what its owner says, then add it to known_hosts: ssh-keyscan HOST'
  if (
    !/could not read (Username|Password)|Authentication failed|Permission denied|prompts disabled/.test(
      stderr,
    )
  ) {
    return ''
  }
  return /^https?:\/\/[^/@]*:[^/@]*@/i.test(repo)
    ? '; the user name and password of the address are not accepted'
    : '; it asks for credentials: set up a git credential helper or an ssh key for this user'
}

function failure(repo: string, error: unknown, silenceMs: number): Error {
  if (!(error instanceof Error)) return new Error(`fetching ${redactUrls(repo)}: ${String(error)}`)
  if (isOfPlugin(error) && error.plugin === 'timeout') {
    return fetchError(repo, `nothing was heard for ${silenceMs / 1000} s`, error)
  }
  // Also what simple-git itself refuses: its message names the setting.
  return fetchError(repo, redactUrls(error.message.trim()), error)
}

function fetchError(repo: string, why: string, cause?: unknown): SourceError {
  return new SourceError(`fetching ${redactUrls(repo)}: ${why}`, { cause })
}
