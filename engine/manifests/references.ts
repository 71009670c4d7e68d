import type { Kind, KubernetesObject, PodSpec } from '../api/generated/types.ts'
import type { Path } from './diagnostics.ts'
import { POD_TRUST } from '../api/podCertificates.ts'
import { podSpecsOf } from '../api/podSpecs.ts'

/** One object's need of another one, in its namespace if the other has one. */
export interface Reference {
  readonly kind: Kind
  readonly name: string
  /** In its data. */
  readonly key?: string
  /** From the object's root, to the name or the key. */
  readonly path: Path
  /** The pod runs without it too: an image pull secret, of which Kubernetes only warns. */
  readonly dispensable: boolean
}

export function referencesOf(object: KubernetesObject): readonly Reference[] {
  const references: Reference[] = []
  for (const { spec, path } of podSpecsOf(object)) addPod(references, path, spec)
  addOwn(references, object)
  return references
}

function addOwn(references: Reference[], object: KubernetesObject): void {
  if (object.kind === 'PersistentVolumeClaim' && object.spec.volumeName) {
    const { volumeName: name } = object.spec
    references.push({ kind: 'PersistentVolume', name, path: ['spec', 'volumeName'], dispensable: false })
  }
  if (object.kind === 'ServiceAccount') addPullSecrets(references, [], object.imagePullSecrets)
  if (object.kind !== 'HorizontalPodAutoscaler') return
  const { kind, name } = object.spec.scaleTargetRef
  if (kind !== 'Deployment' && kind !== 'ReplicaSet' && kind !== 'StatefulSet') return
  references.push({ kind, name, path: ['spec', 'scaleTargetRef', 'name'], dispensable: false })
}

function addPullSecrets(references: Reference[], path: Path, secrets: PodSpec['imagePullSecrets']): void {
  for (const [index, { name }] of (secrets ?? []).entries()) {
    if (!name) continue
    const at = [...path, 'imagePullSecrets', index, 'name']
    references.push({ kind: 'Secret', name, path: at, dispensable: true })
  }
}

function addPod(references: Reference[], path: Path, spec: PodSpec): void {
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (spec[field] ?? []).entries()) {
      addContainer(references, [...path, field, index], container)
    }
  }
  for (const [index, volume] of (spec.volumes ?? []).entries())
    addVolume(references, [...path, 'volumes', index], volume)
  addPullSecrets(references, path, spec.imagePullSecrets)
  const { priorityClassName, runtimeClassName, serviceAccountName } = spec
  if (runtimeClassName) {
    const at = [...path, 'runtimeClassName']
    references.push({ kind: 'RuntimeClass', name: runtimeClassName, path: at, dispensable: false })
  }
  if (priorityClassName) {
    const at = [...path, 'priorityClassName']
    references.push({ kind: 'PriorityClass', name: priorityClassName, path: at, dispensable: false })
  }
  if (serviceAccountName) {
    const at = [...path, 'serviceAccountName']
    references.push({ kind: 'ServiceAccount', name: serviceAccountName, path: at, dispensable: true })
  }
}

function addContainer(references: Reference[], path: Path, container: PodSpec['containers'][number]): void {
  for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
    const { configMapKeyRef, secretKeyRef } = valueFrom ?? {}
    const at = [...path, 'env', index, 'valueFrom']
    if (configMapKeyRef !== undefined)
      addKey(references, 'ConfigMap', [...at, 'configMapKeyRef'], configMapKeyRef)
    if (secretKeyRef !== undefined) addKey(references, 'Secret', [...at, 'secretKeyRef'], secretKeyRef)
  }
  for (const [index, { configMapRef, secretRef }] of (container.envFrom ?? []).entries()) {
    const at = [...path, 'envFrom', index]
    if (configMapRef !== undefined)
      addWhole(references, 'ConfigMap', [...at, 'configMapRef', 'name'], configMapRef)
    if (secretRef !== undefined) addWhole(references, 'Secret', [...at, 'secretRef', 'name'], secretRef)
  }
}

type DataKind = 'ConfigMap' | 'Secret'

interface Source {
  readonly name?: string
  readonly optional?: boolean
}

function addKey(
  references: Reference[],
  kind: DataKind,
  path: Path,
  source: Source & { readonly key: string },
): void {
  if (source.optional === true || !source.name) return
  const { name, key } = source
  references.push({ kind, name, path: [...path, 'name'], dispensable: false })
  references.push({ kind, name, key, path: [...path, 'key'], dispensable: false })
}

function addWhole(references: Reference[], kind: DataKind, path: Path, source: Source): void {
  if (source.optional === true || !source.name) return
  references.push({ kind, name: source.name, path, dispensable: false })
}

function addVolume(
  references: Reference[],
  path: Path,
  volume: NonNullable<PodSpec['volumes']>[number],
): void {
  const { configMap, persistentVolumeClaim: claim, projected, secret } = volume
  if (configMap !== undefined)
    addFiles(references, 'ConfigMap', [...path, 'configMap'], 'name', configMap.name, configMap)
  if (secret !== undefined)
    addFiles(references, 'Secret', [...path, 'secret'], 'secretName', secret.secretName, secret)
  const csiSecret = volume.csi?.nodePublishSecretRef?.name
  if (csiSecret)
    references.push({
      kind: 'Secret',
      name: csiSecret,
      path: [...path, 'csi', 'nodePublishSecretRef', 'name'],
      dispensable: false,
    })
  for (const [index, source] of (projected?.sources ?? []).entries()) {
    const at = [...path, 'projected', 'sources', index]
    const trust = source.clusterTrustBundle
    if (trust?.name && trust.name !== POD_TRUST.metadata.name && trust.optional !== true) {
      const { name } = trust
      references.push({
        kind: 'ClusterTrustBundle',
        name,
        path: [...at, 'clusterTrustBundle', 'name'],
        dispensable: false,
      })
    }
    if (source.configMap !== undefined)
      addFiles(references, 'ConfigMap', [...at, 'configMap'], 'name', source.configMap.name, source.configMap)
    if (source.secret !== undefined)
      addFiles(references, 'Secret', [...at, 'secret'], 'name', source.secret.name, source.secret)
  }
  if (typeof claim?.claimName === 'string') {
    const at = [...path, 'persistentVolumeClaim', 'claimName']
    references.push({ kind: 'PersistentVolumeClaim', name: claim.claimName, path: at, dispensable: false })
  }
}

function addFiles(
  references: Reference[],
  kind: DataKind,
  path: Path,
  field: string,
  name: string | undefined,
  source: { readonly optional?: boolean; readonly items?: readonly { readonly key: string }[] },
): void {
  if (source.optional === true || !name) return
  references.push({ kind, name, path: [...path, field], dispensable: false })
  for (const [index, { key }] of (source.items ?? []).entries()) {
    references.push({ kind, name, key, path: [...path, 'items', index, 'key'], dispensable: false })
  }
}
