import { openSource } from './open.ts'
import { type Commits, type Source, SourceError, type SourceOptions } from './source.ts'

/** A repository that may not be there now. It is opened when it is first read, and anew after it could not be. */
export interface PatientSource {
  readonly commits: Commits
  /** As it is here, without asking anybody for news: enough to read what was applied. Rejects with a SourceError. */
  here(signal: AbortSignal): Promise<Source>
}

export function openPatiently(options: SourceOptions): PatientSource {
  let opened: Source | undefined
  const withSource = async <T>(
    signal: AbortSignal | undefined,
    read: (commits: Commits) => Promise<T>,
  ): Promise<T> => {
    try {
      opened ??= await openSource(options, signal)
      return await read(commitsOf(opened))
    } catch (error) {
      // Another repository may lie there by the next time; a commit without the folder is no reason to open it anew.
      if (!(error instanceof SourceError && error.folderGone)) opened = undefined
      throw error
    }
  }
  return {
    commits: {
      head: (signal) => withSource(signal, (commits) => commits.head(signal)),
      read: (commit, signal) => withSource(signal, (commits) => commits.read(commit, signal)),
      watched: (signal) => withSource(signal, (commits) => commits.watched(signal)),
    },
    here: async (signal) => opened ?? (await openSource({ ...options, fetch: false }, signal)),
  }
}

function commitsOf({ commits, repository }: Source): Commits {
  if (commits !== undefined) return commits
  throw new SourceError(
    `${repository} is not a Git repository: make it one with git init, or give another with --repo`,
  )
}
