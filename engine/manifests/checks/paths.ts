/** Rules for paths, as sentences: undefined when the path is good. */

/** Kubernetes takes `C:\\data` too: here only of a pod that asks for a Windows node, and waits for one. */
export function absolutePath(path: string, isForWindows = false): string | undefined {
  if (isForWindows && /^[A-Za-z]:[\\/]/.test(path)) return undefined
  return path.startsWith('/') ? undefined : 'must be an absolute path of a Linux machine, which starts with /'
}

export function noBacksteps(path: string): string | undefined {
  return path.split('/').includes('..') ? "must not contain '..'" : undefined
}

/** Stays below the folder that it is put into. */
export function descendingPath(path: string): string | undefined {
  if (path.startsWith('/')) return 'must be a relative path'
  return noBacksteps(path)
}
