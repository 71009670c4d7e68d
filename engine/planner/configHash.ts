import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Container, KubernetesObject, PodSpec, PodTemplateSpec } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../api/names.ts'
import { CONFIG_HASH, restartsOnConfigChange } from '../api/restartOnConfigChange.ts'
import type { Desired, DesiredObject, Snapshot } from '../api/snapshot.ts'
import { digestOf, sourceData } from '../kubelet/requests/sources.ts'

const hashed = new WeakMap<Desired, Desired>()

/**
 * The commit, with a hash of what its ConfigMaps and Secrets hold in each template that asks for a restart when they change: another
 * hash is another template, and a rollout follows as from any other change of it.
 *
 * The hash is keyed with a random key of the root, which is never shown: it stands in annotations, records and plans, and whoever reads
 * those must not be able to try out what a password may be. A plain hash, also one of a hash, could be tried out by anybody.
 */
export function withConfigHashes(snapshot: Snapshot): Snapshot {
  const { desired } = snapshot
  const known = hashed.get(desired) ?? hashedDesired(desired)
  hashed.set(desired, known)
  return known === desired ? snapshot : { ...snapshot, desired: known }
}

function hashedDesired(desired: Desired): Desired {
  const changed = [...desired.objects.values()].flatMap((one): [ObjectKey, DesiredObject][] => {
    const written = withHash(one.written, one.key, desired)
    const object = withHash(one.object, one.key, desired)
    return written === undefined || object === undefined ? [] : [[one.key, { ...one, written, object }]]
  })
  if (changed.length === 0) return desired
  return { ...desired, objects: new Map([...desired.objects, ...changed]) }
}

/** Of the kinds that roll their pods; undefined for all others, and without the annotation. */
function withHash(object: KubernetesObject, key: ObjectKey, desired: Desired): KubernetesObject | undefined {
  // Each kind by itself: what they have in common is no kind.
  if (object.kind === 'Deployment') {
    const template = hashedTemplate(object.spec.template, key, desired)
    return template && { ...object, spec: { ...object.spec, template } }
  }
  if (object.kind === 'StatefulSet') {
    const template = hashedTemplate(object.spec.template, key, desired)
    return template && { ...object, spec: { ...object.spec, template } }
  }
  if (object.kind === 'DaemonSet') {
    const template = hashedTemplate(object.spec.template, key, desired)
    return template && { ...object, spec: { ...object.spec, template } }
  }
  return undefined
}

function hashedTemplate(
  template: PodTemplateSpec,
  key: ObjectKey,
  desired: Desired,
): PodTemplateSpec | undefined {
  if (!restartsOnConfigChange(template.metadata)) return undefined
  const hash = configHash(template.spec, keyParts(key).namespace, desired)
  return { ...template, metadata: annotated(template, hash) }
}

function annotated({ metadata }: PodTemplateSpec, hash: string): NonNullable<PodTemplateSpec['metadata']> {
  return { ...metadata, annotations: { ...metadata?.annotations, [CONFIG_HASH]: hash } }
}

function configHash(spec: PodSpec, namespace: string, desired: Desired): string {
  const hash = hmac.create(sha256, utf8ToBytes(desired.hashKey ?? ''))
  for (const key of [...configOf(spec, namespace)].toSorted()) {
    const { kind, name } = keyParts(key)
    if (kind !== 'ConfigMap' && kind !== 'Secret') continue
    const data = sourceData(desired, kind, namespace, name)
    hash.update(utf8ToBytes(`${key}\0${data === undefined ? 'none' : data.size}\0`))
    for (const entry of data?.keys() ?? [])
      hash.update(utf8ToBytes(`${entry}\0${digestOf(data ?? EMPTY, entry)}\0`))
  }
  return bytesToHex(hash.digest()).slice(0, 32)
}

const EMPTY: ReadonlyMap<string, string> = new Map()

/** All that its containers and volumes refer to, optional or not; pull secrets are no configuration. */
function configOf(spec: PodSpec, namespace: string): ReadonlySet<ObjectKey> {
  const found = new Set<ObjectKey>()
  const add = (kind: 'ConfigMap' | 'Secret', name: string | undefined): void => {
    if (name !== undefined && name !== '') found.add(objectKey(kind, namespace, name))
  }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) addContainer(container, add)
  for (const { configMap, projected, secret } of spec.volumes ?? []) {
    add('ConfigMap', configMap?.name)
    add('Secret', secret?.secretName)
    for (const source of projected?.sources ?? []) {
      add('ConfigMap', source.configMap?.name)
      add('Secret', source.secret?.name)
    }
  }
  return found
}

function addContainer(
  { env = [], envFrom = [] }: Container,
  add: (kind: 'ConfigMap' | 'Secret', name: string | undefined) => void,
): void {
  for (const { configMapRef, secretRef } of envFrom) {
    add('ConfigMap', configMapRef?.name)
    add('Secret', secretRef?.name)
  }
  for (const { valueFrom } of env) {
    add('ConfigMap', valueFrom?.configMapKeyRef?.name)
    add('Secret', valueFrom?.secretKeyRef?.name)
  }
}
