import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { ConfigMap, Secret } from '../../api/generated/types.ts'
import { objectKey } from '../../api/names.ts'
import type { Desired } from '../../api/snapshot.ts'

/** The data of a ConfigMap or Secret, by key, sorted; text where it was written as text. */
export type SourceData = ReadonlyMap<string, string | Uint8Array>

export type SourceKind = 'ConfigMap' | 'Secret'

/** By the object's identity: a Secret that fifty pods use is decoded once. */
const decoded = new WeakMap<ConfigMap | Secret, SourceData>()

/** Undefined: the commit has no such object. */
export function sourceData(
  desired: Desired,
  kind: SourceKind,
  namespace: string,
  name: string,
): SourceData | undefined {
  const object = desired.objects.get(objectKey(kind, namespace, name))?.object
  if (object?.kind !== 'ConfigMap' && object?.kind !== 'Secret') return undefined
  const found = decoded.get(object) ?? (object.kind === 'Secret' ? secretData(object) : configMapData(object))
  decoded.set(object, found)
  return found
}

/** As Kubernetes' messages name them. */
export function notFound(kind: SourceKind, name: string): string {
  return `${kind === 'Secret' ? 'secret' : 'configmap'} "${name}" not found`
}

export function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value
}

const digests = new WeakMap<SourceData, Map<string, string>>()

/** Of one key's value, by the data's identity: a ConfigMap that fifty pods use is hashed once. */
export function digestOf(data: SourceData, key: string): string {
  const known = digests.get(data) ?? new Map<string, string>()
  digests.set(data, known)
  const digest = known.get(key) ?? bytesToHex(sha256(bytesOf(data.get(key) ?? '')))
  known.set(key, digest)
  return digest
}

export function textOf(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : new TextDecoder().decode(value)
}

function configMapData({ binaryData = {}, data = {} }: ConfigMap): SourceData {
  return sorted([...Object.entries(data), ...decodedEntries(binaryData)])
}

function secretData({ data = {}, stringData = {} }: Secret): SourceData {
  return sorted([...decodedEntries(data), ...Object.entries(stringData)])
}

/** Manifests with anything but base64 here are refused before. */
function decodedEntries(data: Readonly<Record<string, string>>): [string, Uint8Array][] {
  return Object.entries(data).map(([key, value]) => [key, Uint8Array.fromBase64(value.replaceAll(/\s/g, ''))])
}

function sorted(entries: readonly (readonly [string, string | Uint8Array])[]): SourceData {
  return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
