import { keyParts, type ObjectKey } from '../api/names.ts'

/** `deployment/web`, as kubectl writes it; the namespace is shown where it is not clear. */
export function shortName(key: ObjectKey): string {
  const { kind, name } = keyParts(key)
  return `${kind.toLowerCase()}/${name}`
}

/** `demo/deployment/web` would be no name of kubectl's: `deployment demo/web` is what people read. */
export function longName(key: ObjectKey): string {
  const { kind, namespace, name } = keyParts(key)
  return `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`
}

export function shortCommit(commit: string): string {
  return commit === 'uncommitted' ? commit : commit.slice(0, 12)
}
