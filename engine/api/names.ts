import { sha256 } from '@noble/hashes/sha2.js'

/** `Kind/namespace/name`; the namespace is empty for kinds that have none (`Namespace//prod`). */
export type ObjectKey = string & { readonly __brand: 'ObjectKey' }

/** A pod's uid: the hash of its owner's uid, its name and the instant of its creation, so never used twice. */
export type PodUid = string & { readonly __brand: 'PodUid' }

export type NodeName = string & { readonly __brand: 'NodeName' }

/** RFC 3339 in UTC, as Kubernetes writes times; `Temporal.Instant#toString` makes it. */
export type Timestamp = string

export function objectKey(kind: string, namespace: string | undefined, name: string): ObjectKey {
  return `${kind}/${namespace ?? ''}/${name}` as ObjectKey
}

export function podUid(text: string): PodUid {
  return text as PodUid
}

export function nodeName(text: string): NodeName {
  return text as NodeName
}

export interface KeyParts {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export function keyParts(key: ObjectKey): KeyParts {
  const [kind = '', namespace = '', name = ''] = key.split('/')
  return { kind, namespace, name }
}

/** For people: `Deployment shop/web`; of what is in no namespace `Node rack-1`. */
export function objectText(key: ObjectKey): string {
  const { kind, name, namespace } = keyParts(key)
  return `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`
}

/** For people: as much of a commit's id as is surely its own. */
export function shortCommit(commit: string): string {
  return commit === 'uncommitted' ? commit : commit.slice(0, 12)
}

/** Kubernetes leaves out vowels and look-alikes in generated names, so that no word is spelt by chance. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

function digest(parts: readonly string[]): Uint8Array {
  return sha256(new TextEncoder().encode(parts.join('\u0000')))
}

/** A short name part, such as a template hash or a pod's suffix: `length` letters that follow from `parts`. */
export function nameHash(length: number, ...parts: readonly string[]): string {
  return Array.from(digest(parts).subarray(0, length), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

/** A uid in the form of a UUID that follows from `parts`. Put the instant of creation among them: a uid is never reused. */
export function uidHash(...parts: readonly string[]): string {
  const hex = Array.from(digest(parts).subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

/** A number in [0, 1) that follows from `parts`: the jitter of a retry, without chance. */
export function unitHash(...parts: readonly string[]): number {
  const [a = 0, b = 0, c = 0] = digest(parts)
  return (a * 65_536 + b * 256 + c) / 16_777_216
}
