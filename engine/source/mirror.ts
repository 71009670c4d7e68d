import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { git, gitFailure, type GitOptions, gitOrThrow } from './git.ts'
import { redactUrls } from './redact.ts'
import { type RemoteOptions, runRemote } from './remote.ts'
import { SourceError } from './source.ts'

/** Of a large repository. */
const FSCK_MS_MAX = 600_000
const TIDY_MS_MAX = 600_000

/** A fetch that is under way writes, or works at what it has, for less than this. */
const LEFT_OVER_MS = 900_000

/** What was applied has to be there after a forced push, too; packs of their own hold what no branch leads to. */
const KEEP_ALL = ['gc.pruneExpire=never', 'gc.cruftPacks=true', 'gc.autoDetach=false'] as const

/** The bare mirror of a remote repository, fetched now. Two addresses never share one. */
export async function fetchMirror(url: string, mirrors: string, options: RemoteOptions): Promise<string> {
  const folder = mirrorFolder(url, mirrors)
  if (!(await exists(folder))) await makeMirror(folder, mirrors, options)
  await update(url, folder, options)
  return folder
}

/** The mirror as it was last fetched. */
export async function findMirror(url: string, mirrors: string): Promise<string> {
  const folder = mirrorFolder(url, mirrors)
  if (await exists(folder)) return folder
  throw new SourceError(`${redactUrls(url)} has not been fetched yet`)
}

/**
 * Looks whether the mirror itself is damaged, and puts it aside if so: the next fetch makes it anew. True: it was. One that is put aside
 * stays until the next one is.
 */
export async function discardIfDamaged(url: string, mirrors: string, options: GitOptions): Promise<boolean> {
  const folder = mirrorFolder(url, mirrors)
  if (!(await exists(folder))) return false
  const args = ['fsck', '--connectivity-only', '--no-dangling', '--no-progress']
  const result = await git(args, { ...options, cwd: folder, timeoutMs: FSCK_MS_MAX })
  if (result.exitCode === 0) return false
  const aside = `${folder}.damaged`
  await rm(aside, { recursive: true, force: true })
  await rename(folder, aside)
  return true
}

/** Named without credentials: a token that was renewed makes it no other repository. */
function mirrorFolder(url: string, mirrors: string): string {
  return join(mirrors, bytesToHex(sha256(utf8ToBytes(redactUrls(url)))).slice(0, 16))
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
 * A commit that was applied stays here after a forced push until the mirror is removed.
 */
async function update(url: string, folder: string, options: RemoteOptions): Promise<void> {
  const at = { ...options, cwd: folder }
  const wanted = ['HEAD', 'refs/heads/*', 'refs/tags/*']
  const listing = (address: string) => ['ls-remote', '--symref', '--', address, ...wanted]
  const [remote, local] = await Promise.all([runRemote(url, listing, at), localRefs(at)])
  // Two ways to the server only when there is news.
  if (!isSame(remoteRefs(remote), local)) {
    await removeLeftOver(folder)
    const how = ['--prune', '--no-write-fetch-head', '--no-recurse-submodules', '--progress']
    const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
    await runRemote(url, (address) => ['fetch', ...how, '--', address, ...refs], at)
    await tidy(at)
  }
  const branch = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(remote)?.[1]
  // The remote's default branch becomes the mirror's HEAD.
  if (branch !== undefined) await git(['symbolic-ref', 'HEAD', branch], at)
}

/**
 * What fetches that were cut off have received so far: up to the whole repository each. Git takes it away with what no branch leads to, and that
 * is kept here.
 */
async function removeLeftOver(folder: string): Promise<void> {
  const packs = join(folder, 'objects/pack')
  const names = await readdir(packs).catch(() => [])
  for (const path of names.filter((name) => name.startsWith('tmp_')).map((name) => join(packs, name))) {
    const written = await stat(path).catch(() => undefined)
    if (written !== undefined && Date.now() - written.mtimeMs > LEFT_OVER_MS) await rm(path, { force: true })
  }
}

/** Each fetch leaves files of its own; after months of them Git would be slow. It decides itself when that is worth it. */
async function tidy(options: GitOptions): Promise<void> {
  const settings = KEEP_ALL.flatMap((setting) => ['-c', setting])
  // A mirror that could not be tidied is as good as it was; the next fetch tries again.
  await git([...settings, 'gc', '--auto', '--quiet'], { ...options, timeoutMs: TIDY_MS_MAX }).catch(() =>
    options.signal?.throwIfAborted(),
  )
}

async function localRefs(options: GitOptions): Promise<ReadonlyMap<string, string>> {
  const format = '--format=%(objectname)%09%(refname)'
  const output = await gitOrThrow('listing the branches', ['for-each-ref', format], options)
  return remoteRefs(output.toString('utf8'))
}

/** Branches and tags with their ids; not what an annotated tag leads to, which is listed as `^{}`. */
function remoteRefs(listing: string): ReadonlyMap<string, string> {
  const lines = listing.split('\n').map((line) => line.split('\t'))
  return new Map(
    lines.flatMap(([id = '', name = '']) =>
      /^refs\/(heads|tags)\/.*(?<!\^\{\})$/.test(name) ? [[name, id] as const] : [],
    ),
  )
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, id]) => other.get(name) === id)
}
