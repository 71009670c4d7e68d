import ignore, { type Ignore } from 'ignore'
import { foldersOf, IGNORE_FILE } from './names.ts'

/** A `.reconcileignore`: gitignore patterns, counted from the folder that it lies in. */
export interface IgnoreFile {
  readonly path: string
  readonly content: string
}

/** Tells which paths are left out. As with gitignore, the file nearest to the path has the last word. */
export function ignoredBy(files: readonly IgnoreFile[]): (path: string) => boolean {
  const byFolder = new Map<string, Ignore>(
    files.map((file) => [
      file.path.slice(0, -IGNORE_FILE.length).replace(/\/$/, ''),
      ignore().add(file.content),
    ]),
  )
  if (byFolder.size === 0) return () => false
  return (path) => {
    let ignored = false
    for (const folder of foldersOf(path)) {
      const verdict = byFolder.get(folder)?.test(folder === '' ? path : path.slice(folder.length + 1))
      if (verdict?.ignored) ignored = true
      if (verdict?.unignored) ignored = false
    }
    return ignored
  }
}
