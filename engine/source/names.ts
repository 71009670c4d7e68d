/** Which files are manifests, and the limits of what is read. */

export const IGNORE_FILE = '.reconcileignore'
export const FILE_BYTES_MAX = 8 * 1024 * 1024
export const REVISION_BYTES_MAX = 256 * 1024 * 1024

export function isManifestName(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path)
}

/** Whether `path` is `folder` or lies in it; the empty folder holds everything. */
export function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

/** Folders from the root down to the one that holds `path`: `a/b/c.yaml` is in ``, `a` and `a/b`. */
export function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return ['', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))]
}

export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
