import { resolve } from 'node:path'
import { discardIfDamaged } from './mirror.ts'
import { openSource } from './open.ts'
import { redactUrls } from './redact.ts'
import { type Commits, type Source, SourceError, type SourceOptions } from './source.ts'
import { isUrl } from './url.ts'

/** A repository that may not be there now. It is opened when it is first read, and anew after it could not be. */
export interface PatientSource {
  readonly commits: Commits
  /** As it is here, without asking anybody for news: enough to read what was applied. Rejects with a SourceError. */
  here(signal: AbortSignal): Promise<Source>
  /** What is followed, for people: as it was found, or as it was given while it could not be opened. */
  name(): Pick<Source, 'repository' | 'path'>
}

/** After so many failures in a row it is looked whether the fault is with what is kept here of the repository. */
const FAILURES_TO_DOUBT = 3

export function openPatiently(options: SourceOptions): PatientSource {
  let opened: Source | undefined
  let failures = 0
  const withSource = async <T>(
    signal: AbortSignal | undefined,
    read: (commits: Commits) => Promise<T>,
  ): Promise<T> => {
    try {
      opened ??= await openSource(options, signal)
      const answer = await read(commitsOf(opened))
      failures = 0
      return answer
    } catch (error) {
      // Another repository may lie there by the next time; a commit without the folder is no reason to open it anew.
      if (error instanceof SourceError && error.folderGone) throw error
      opened = undefined
      failures += 1
      const damaged = failures % FAILURES_TO_DOUBT === 0 && (await isDamaged(options, signal))
      if (damaged) throw damagedError(error)
      throw asSourceError(error, signal)
    }
  }
  return {
    commits: {
      head: (signal) => withSource(signal, (commits) => commits.head(signal)),
      read: (commit, signal) => withSource(signal, (commits) => commits.read(commit, signal)),
      watched: (signal) => withSource(signal, (commits) => commits.watched(signal)),
    },
    async here(signal) {
      if (opened !== undefined) return opened
      const source = await openSource({ ...options, fetch: false }, signal)
      // A local one is never fetched, so there is nothing to open again.
      if (source.kind !== 'mirror') opened = source
      return source
    },
    name: () => opened ?? { repository: givenName(options), path: options.path ?? '' },
  }
}

/** Before it could be opened: as it was given, without credentials. */
function givenName({ cwd, repo }: SourceOptions): string {
  return isUrl(repo) ? redactUrls(repo) : resolve(cwd, repo)
}

/** What nobody has thought of, as a disk that fails, is told like any other trouble: the pods are kept healthy meanwhile. */
function asSourceError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true || error instanceof SourceError || !(error instanceof Error)) return error
  return new SourceError(`reading the repository: ${error.message}`, { cause: error })
}

function commitsOf({ commits, repository }: Source): Commits {
  if (commits !== undefined) return commits
  throw new SourceError(
    `${repository} is not a Git repository: make it one with git init, or give another with --repo`,
  )
}

/** Of a remote repository: what is kept here can be fetched again. */
async function isDamaged(options: SourceOptions, signal: AbortSignal | undefined): Promise<boolean> {
  const { cwd, environment, mirrors, repo } = options
  if (!isUrl(repo) || signal?.aborted === true) return false
  return await discardIfDamaged(repo, mirrors, { cwd, environment, signal }).catch(() => false)
}

function damagedError(cause: unknown): SourceError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new SourceError(`${why}; its mirror was damaged, and is fetched anew`, { cause })
}
