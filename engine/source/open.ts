import { createCommitReader } from './commit.ts'
import { readFolder } from './folder.ts'
import { type GitOptions, gitOrThrow } from './git.ts'
import { insideFolder, locate, type Place } from './locate.ts'
import { fetchMirror, findMirror } from './mirror.ts'
import { IGNORE_FILE, isBelow, isManifestName } from './names.ts'
import { redactUrls } from './redact.ts'
import { SourceError, type Source, type SourceOptions } from './source.ts'
import { hasCommit, isPlainRefName, refNames, resolveCommit, watchedFiles } from './tree.ts'
import { isUrl } from './url.ts'

/** Finds the repository and what of it is read. Rejects with a SourceError that says what to do. */
export async function openSource(options: SourceOptions, signal?: AbortSignal): Promise<Source> {
  if (options.repo === '') throw new SourceError('the repository has an empty name: give a path or a URL')
  const git: GitOptions = { cwd: options.cwd, environment: options.environment, signal }
  if (isUrl(options.repo)) return openMirror(options, git)
  const place = await locate(options.repo, options.path, git)
  return place.kind === 'directory' ? openDirectory(place, options) : openRepository(place, options, git)
}

function openDirectory(place: Place, options: SourceOptions): Source {
  const { root, folder } = place
  if (options.branch !== undefined) {
    throw new SourceError(`${root} is not a Git repository, so it has no branch ${options.branch}`)
  }
  if (!options.allowUncommitted) {
    throw new SourceError(
      `${root} is not a Git repository: make it one with git init, or give another with --repo`,
    )
  }
  return {
    repository: root,
    path: folder,
    kind: 'directory',
    read: () => readFolder(root, folder, { kind: 'plain' }),
    contains: () => Promise.resolve(false),
  }
}

function openRepository(
  place: Extract<Place, { kind: 'repository' }>,
  options: SourceOptions,
  git: GitOptions,
): Source {
  const at = { ...git, cwd: place.root }
  const reader = createCommitReader(place.folder, at)
  const mayBeDirty = options.allowUncommitted && !place.bare && options.branch === undefined
  // Opening it has asked for what is checked out; only later reads ask again.
  let opened = options.branch === undefined ? place.head : undefined
  return {
    repository: place.root,
    path: place.folder,
    kind: 'repository',
    async read(signal) {
      const now = { ...at, signal }
      const known = opened
      opened = undefined
      const commit = Promise.resolve(known ?? findCommit(options.branch, place.root, now))
      // While Git looks for changes: seldom there are any.
      const reading = commit.then((id) => reader.read(id, signal))
      const [dirty] = await Promise.all([
        mayBeDirty ? hasChanges(place.folder, now) : false,
        commit,
        reading.catch(() => undefined),
      ])
      return dirty ? await readFolder(place.root, place.folder, { kind: 'git', options: now }) : await reading
    },
    uncommitted: async (signal) => mayBeDirty && (await hasChanges(place.folder, { ...at, signal })),
    contains: (commit, signal) => hasCommit(commit, { ...at, signal }),
    commits: {
      head: (signal) => findCommit(options.branch, place.root, { ...at, signal }),
      read: (commit, signal) => reader.read(commit, signal),
      watched: (signal) => watchedFiles({ ...at, signal }),
    },
  }
}

async function openMirror(options: SourceOptions, git: GitOptions): Promise<Source> {
  const repository = redactUrls(options.repo)
  const folder = insideFolder(options.path ?? '')
  const { onFetch } = options
  const mirror =
    options.fetch === false
      ? await findMirror(options.repo, options.mirrors)
      : await fetchMirror(options.repo, options.mirrors, { ...git, onFetch })
  const at = { ...git, cwd: mirror }
  const reader = createCommitReader(folder, at)
  // Opening it has fetched it; only later reads fetch again.
  let fresh = true
  const head = async (signal: AbortSignal | undefined): Promise<string> => {
    const now = { ...at, signal }
    if (!fresh && options.fetch !== false) {
      await fetchMirror(options.repo, options.mirrors, { ...now, onFetch })
    }
    fresh = false
    return findCommit(options.branch, repository, now)
  }
  return {
    repository,
    path: folder,
    kind: 'mirror',
    read: async (signal) => reader.read(await head(signal), signal),
    contains: (commit, signal) => hasCommit(commit, { ...at, signal }),
    commits: {
      head,
      read: (commit, signal) => reader.read(commit, signal),
      watched: () => Promise.resolve([]),
    },
  }
}

async function findCommit(
  asked: string | undefined,
  repository: string,
  options: GitOptions,
): Promise<string> {
  const commit = await resolveCommit(asked, options)
  if (commit !== undefined) return commit
  const names = await refNames(options)
  if (asked !== undefined && names.length > 0) {
    const hint = isPlainRefName(asked) ? '' : ': give the name of a branch or a tag, or a commit id'
    throw new SourceError(`${repository} has no branch, tag or commit ${asked}${hint}`, {
      asked: { name: asked, candidates: names },
    })
  }
  if (names.length === 0) {
    throw new SourceError(`${repository} has no commit yet: add the manifests and commit them`)
  }
  throw new SourceError(`${repository} has no default branch: name one with --branch`, {
    asked: { name: 'main', candidates: names },
  })
}

/** Whether the working directory differs from the commit in what is read: another changed file does not count. */
async function hasChanges(folder: string, options: GitOptions): Promise<boolean> {
  const args = [
    'status',
    '--porcelain',
    '-z',
    '--untracked-files=all',
    '--no-renames',
    '--ignore-submodules=all',
  ]
  const output = await gitOrThrow('looking for uncommitted changes', args, options)
  return output
    .toString('utf8')
    .split('\u0000')
    .map((line) => line.slice(3))
    .some((path) => (isBelow(path, folder) && isManifestName(path)) || path.endsWith(IGNORE_FILE))
}
