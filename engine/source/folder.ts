import { constants } from 'node:fs'
import { lstat, open, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { gitOrThrow, type GitOptions } from './git.ts'
import { isBelow } from './names.ts'
import { type Entry, isIgnoreFile, selectManifests } from './revision.ts'
import { SourceError, type Revision, type SourceFile } from './source.ts'

/** Listing stops here: someone gave `/` by mistake. */
const ENTRIES_MAX = 200_000
const OPEN_FILES_MAX = 64

/** A directory as it is on disk. `git`: what Git would not ignore; `plain`: everything but `.git`. */
export async function readFolder(
  root: string,
  folder: string,
  listing: { readonly kind: 'plain' } | { readonly kind: 'git'; readonly options: GitOptions },
): Promise<Revision> {
  await assertFolder(root, folder)
  const paths = listing.kind === 'git' ? await gitPaths(root, listing.options) : await plainPaths(root, '')
  const entries = (await inTurns(paths, (path) => entryAt(root, path))).flatMap((entry) => entry ?? [])
  const ignoreFiles = await inTurns(entries.filter(isIgnoreFile), (entry) => readEntry(root, entry.path))
  const { manifests, problems } = selectManifests(
    entries,
    folder,
    ignoreFiles.map((file) => ({ path: file.path, content: Buffer.from(file.content).toString('utf8') })),
  )
  const files = await inTurns(manifests, (entry) => readEntry(root, entry.path))
  return { commit: 'uncommitted', files, problems }
}

async function assertFolder(root: string, folder: string): Promise<void> {
  const path = join(root, folder)
  const real = await realpath(path).catch(() => undefined)
  const stats = real === undefined ? undefined : await lstat(real)
  if (real === undefined || stats === undefined) throw new SourceError(`${root} has no folder ${folder}`)
  if (!stats.isDirectory()) throw new SourceError(`${path} is not a folder: give the folder that it lies in`)
  if (!isBelow(real, root) && root !== '/') {
    throw new SourceError(`${path} leads out of the repository, to ${real}; give a folder inside ${root}`)
  }
}

/** What is in the index or could be added to it: what .gitignore names can never be in a commit, so it is not read. */
async function gitPaths(root: string, options: GitOptions): Promise<readonly string[]> {
  const output = await gitOrThrow(
    `listing the files of ${root}`,
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--full-name'],
    { ...options, cwd: root },
  )
  const paths = output
    .toString('utf8')
    .split('\u0000')
    .filter((path) => path !== '')
  return [...new Set(paths)]
}

async function plainPaths(root: string, folder: string): Promise<readonly string[]> {
  const paths: string[] = []
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const entries = await readdir(join(root, next), { withFileTypes: true }).catch((cause: Error) => {
      throw new SourceError(`reading the folder ${join(root, next ?? '')}: ${cause.message}`, { cause })
    })
    for (const entry of entries) {
      const path = next === '' ? entry.name : `${next}/${entry.name}`
      if (entry.isDirectory() && entry.name !== '.git') folders.push(path)
      else if (!entry.isDirectory()) paths.push(path)
    }
    if (paths.length > ENTRIES_MAX) {
      throw new SourceError(`${root} holds more than ${ENTRIES_MAX} files; give the folder of the manifests`)
    }
  }
  return paths
}

/** Some at once: a process may have few files open. */
async function inTurns<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += OPEN_FILES_MAX) {
    results.push(...(await Promise.all(items.slice(at, at + OPEN_FILES_MAX).map(task))))
  }
  return results
}

async function entryAt(root: string, path: string): Promise<Entry | undefined> {
  const stats = await lstat(join(root, path)).catch(() => undefined)
  // Deleted in the working directory, still in the index.
  if (stats === undefined) return undefined
  const bytes = stats.size
  if (stats.isSymbolicLink()) return { path, kind: 'link', bytes }
  if (stats.isFile()) return { path, kind: 'file', bytes }
  // `ls-files` names a directory only when it is another repository.
  if (stats.isDirectory()) return { path: path.replace(/\/$/, ''), kind: 'submodule', bytes }
  return { path, kind: 'other', bytes }
}

/** Without following a link, also one that a folder above it was exchanged for since it was listed. */
async function readEntry(root: string, path: string): Promise<SourceFile> {
  const full = join(root, path)
  try {
    const real = await realpath(full)
    if (real !== full) throw new Error(`it leads to ${real}, and links are not followed`)
    await using file = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    return { path, content: await file.readFile() }
  } catch (cause) {
    throw new SourceError(`reading ${full}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}
