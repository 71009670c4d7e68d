/** A file of a revision that may be a manifest. */
export interface SourceFile {
  /** From the root of the repository, with `/` between. */
  readonly path: string
  /** Git's id of the content: the same id is the same content. Absent for files that no commit holds. */
  readonly blob?: string
  readonly content: Uint8Array
}

/** What is wrong with one entry of a revision, before anything in it is parsed. */
export interface SourceProblem {
  readonly path: string
  /** `error`: the revision cannot be applied, since a manifest would be left out. */
  readonly severity: 'error' | 'warning'
  readonly message: string
}

export interface Revision {
  /** A full commit id, or `uncommitted`. */
  readonly commit: string
  /** Sorted by path. */
  readonly files: readonly SourceFile[]
  readonly problems: readonly SourceProblem[]
}

/** How far a fetch is. Small ones tell nothing. */
export interface FetchProgress {
  readonly stage: 'receiving' | 'resolving'
  readonly percent: number
}

export interface Source {
  /** The repository as the user may see it named: without credentials. */
  readonly repository: string
  /** The folder in it that is read, from its root; empty for all of it. */
  readonly path: string
  readonly kind: 'repository' | 'mirror' | 'directory'
  /** What the branch, or the directory, holds now. A mirror is fetched first. Rejects with a SourceError. */
  read(signal?: AbortSignal): Promise<Revision>
  /** Whether this commit is part of the repository's history as far as it is kept here. */
  contains(commit: string, signal?: AbortSignal): Promise<boolean>
  /** Whether `read` would take the files as they lie there, and not a commit. Absent where it never would, or always. */
  uncommitted?(signal?: AbortSignal): Promise<boolean>
  /** Absent: a directory without Git has no commits. */
  readonly commits?: Commits
}

/** The commits of a source, one by one. All reject with a SourceError. */
export interface Commits {
  /** The full id of the commit that the branch is at now. A mirror is fetched first. */
  head(signal?: AbortSignal): Promise<string>
  /** By its full id; of those that are here. */
  read(commit: string, signal?: AbortSignal): Promise<Revision>
  /** Where Git keeps what moves when the branch moves: files and folders. Empty where only asking tells. */
  watched(signal?: AbortSignal): Promise<readonly string[]>
}

export interface SourceOptions {
  /** A path, or a URL that Git understands. */
  readonly repo: string
  /** A branch, a tag or a commit. Absent: what is checked out, or the remote's default branch. */
  readonly branch?: string
  /** A folder, from the root of the repository (or from `repo`, when that is a folder in one). */
  readonly path?: string
  /** Where mirrors of remote repositories are kept. */
  readonly mirrors: string
  /** False: a mirror is read as it was last fetched. */
  readonly fetch?: boolean
  readonly onFetch?: (progress: FetchProgress) => void
  /** Whether uncommitted changes are read in place of the commit. */
  readonly allowUncommitted: boolean
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Something about the repository that its owner has to set right. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  /** What was asked for and what there is, so that a near name can be proposed. */
  readonly asked: { readonly name: string; readonly candidates: readonly string[] } | undefined
  /** The commit can be read, and the folder that is to be read is not in it. */
  readonly folderGone: boolean

  constructor(
    message: string,
    options: {
      readonly asked?: SourceError['asked']
      readonly cause?: unknown
      readonly folderGone?: true
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.asked = options.asked
    this.folderGone = options.folderGone === true
  }
}
