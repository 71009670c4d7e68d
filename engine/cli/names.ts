import { keyParts, type ObjectKey } from '../api/names.ts'

/** `deployment/web`, as kubectl writes it; the namespace is shown where it is not clear. */
export function shortName(key: ObjectKey): string {
  const { kind, name } = keyParts(key)
  return `${kind.toLowerCase()}/${name}`
}
