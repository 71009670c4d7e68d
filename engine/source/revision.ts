import { ignoredBy } from './ignored.ts'
import { byPath, FILE_BYTES_MAX, IGNORE_FILE, isBelow, isManifestName, REVISION_BYTES_MAX } from './names.ts'
import { SourceError, type SourceProblem } from './source.ts'

/** One entry of a commit's tree or of a folder on disk. */
export interface Entry {
  readonly path: string
  readonly kind: 'file' | 'link' | 'submodule' | 'other'
  readonly bytes: number
}

export interface Selection<E extends Entry> {
  /** Sorted by path. */
  readonly manifests: readonly E[]
  readonly problems: readonly SourceProblem[]
}

export function isIgnoreFile(entry: Entry): boolean {
  return entry.kind === 'file' && (entry.path === IGNORE_FILE || entry.path.endsWith(`/${IGNORE_FILE}`))
}

/** Which entries below `folder` are manifests, and which ones stand where a manifest could be but cannot be read. */
export function selectManifests<E extends Entry>(
  entries: readonly E[],
  folder: string,
  ignoreFiles: readonly { readonly path: string; readonly content: string }[],
): Selection<E> {
  const ignored = ignoredBy(ignoreFiles)
  const inside = entries.filter((entry) => isBelow(entry.path, folder))
  const seen = inside.filter((entry) => mayMatter(entry) && !ignored(entry.path)).toSorted(byPath)
  const problems = seen.flatMap((entry) => problemOf(entry) ?? [])
  const manifests = seen.filter((entry) => entry.kind === 'file' && problemOf(entry) === undefined)
  const bytes = manifests.reduce((sum, entry) => sum + entry.bytes, 0)
  if (bytes > REVISION_BYTES_MAX) {
    throw new SourceError(
      `the manifests are ${bytes} bytes together, more than the ${REVISION_BYTES_MAX} that are read; name a folder with --path or leave files out in ${IGNORE_FILE}`,
    )
  }
  return { manifests, problems }
}

function mayMatter(entry: Entry): boolean {
  return isManifestName(entry.path) || entry.kind === 'link' || entry.kind === 'submodule'
}

function problemOf(entry: Entry): SourceProblem | undefined {
  const { path } = entry
  const leaveOut = `or leave it out in ${IGNORE_FILE}`
  switch (entry.kind) {
    case 'link': {
      if (!isManifestName(path)) return warning(path, 'is a symbolic link and is not followed')
      return error(
        path,
        `is a symbolic link, and links are not followed: put the file itself here, ${leaveOut}`,
      )
    }
    case 'submodule':
      return warning(path, 'is a submodule and is not read: apply its repository by itself')
    case 'other':
      return error(path, `is not a regular file: remove it, ${leaveOut}`)
    case 'file': {
      if (path.includes('\ufffd')) return error(path, 'has a name that is not UTF-8: rename it')
      if (entry.bytes <= FILE_BYTES_MAX) return undefined
      return error(
        path,
        `has ${entry.bytes} bytes, and a manifest at most ${FILE_BYTES_MAX}: split it, ${leaveOut}`,
      )
    }
    default:
      return entry.kind satisfies never
  }
}

function error(path: string, message: string): SourceProblem {
  return { path, severity: 'error', message }
}

function warning(path: string, message: string): SourceProblem {
  return { path, severity: 'warning', message }
}
