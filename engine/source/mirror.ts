import { createHash } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { git, gitFailure, type GitOptions } from './git.ts'
import { redactUrls } from './redact.ts'
import { SourceError } from './source.ts'

/** The first fetch of a large repository over a slow line takes minutes. */
const FETCH_TIMEOUT_MS = 600_000

/** The bare mirror of a remote repository, fetched now. Two addresses never share one. */
export async function fetchMirror(url: string, mirrors: string, options: GitOptions): Promise<string> {
  const folder = mirrorFolder(url, mirrors)
  if (!(await exists(folder))) await makeMirror(folder, mirrors, options)
  await fetchAll(url, folder, options)
  return folder
}

/** The mirror as it was last fetched. */
export async function findMirror(url: string, mirrors: string): Promise<string> {
  const folder = mirrorFolder(url, mirrors)
  if (await exists(folder)) return folder
  throw new SourceError(`${redactUrls(url)} has not been fetched yet`)
}

/** Named without credentials: a token that was renewed makes it no other repository. */
function mirrorFolder(url: string, mirrors: string): string {
  return join(mirrors, createHash('sha256').update(redactUrls(url)).digest('hex').slice(0, 16))
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Made aside and renamed: a mirror that was cut off while it was made is never taken for one. */
async function makeMirror(folder: string, mirrors: string, options: GitOptions): Promise<void> {
  const fresh = `${folder}.new-${process.pid}`
  try {
    await mkdir(mirrors, { recursive: true, mode: 0o700 })
    await rm(fresh, { recursive: true, force: true })
  } catch (cause) {
    throw new SourceError(`making a mirror in ${mirrors}: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    })
  }
  const args = ['init', '--quiet', '--bare', '--template=', fresh]
  const result = await git(args, { ...options, cwd: mirrors })
  if (result.exitCode !== 0) throw gitFailure(`making a mirror in ${mirrors}`, result, mirrors)
  await rename(fresh, folder).catch(async (cause: NodeJS.ErrnoException) => {
    await rm(fresh, { recursive: true, force: true })
    // Another process was faster: its mirror is as good.
    if (cause.code !== 'ENOTEMPTY' && cause.code !== 'EEXIST') throw cause
  })
}

/**
 * The address is given with each fetch and never written into the mirror's configuration, since it may hold a password.
 * No automatic gc: a commit that was applied stays here after a forced push until the mirror is removed.
 */
async function fetchAll(url: string, folder: string, options: GitOptions): Promise<void> {
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  const settings = ['-c', 'gc.auto=0', '-c', 'protocol.ext.allow=never']
  const fetch = ['fetch', '--quiet', '--prune', '--no-write-fetch-head', '--no-recurse-submodules', '--']
  const at = { ...options, cwd: folder, timeoutMs: FETCH_TIMEOUT_MS }
  const result = await git([...settings, ...fetch, url, ...refs], at)
  if (result.exitCode !== 0) throw fetchError(url, result.stderr)
  await setHead(url, at)
}

/** The remote's default branch becomes the mirror's HEAD. */
async function setHead(url: string, options: GitOptions): Promise<void> {
  const result = await git(['ls-remote', '--symref', '--', url, 'HEAD'], options)
  if (result.exitCode !== 0) throw fetchError(url, result.stderr)
  const branch = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(result.stdout.toString('utf8'))?.[1]
  if (branch !== undefined) await git(['symbolic-ref', 'HEAD', branch], options)
}

function fetchError(url: string, stderr: string): SourceError {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const line = lines.find((each) => /^(fatal|error):/.test(each)) ?? lines.at(-1) ?? 'git says nothing'
  const hint = /could not read Username|Authentication failed|Permission denied|terminal prompts/.test(stderr)
    ? '; it asks for credentials: set up a git credential helper or an ssh key for this user'
    : ''
  return new SourceError(`fetching ${redactUrls(url)}: ${line.replace(/^(fatal|error): /, '')}${hint}`)
}
