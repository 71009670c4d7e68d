import type { KubernetesObject, PodSpec } from '../api/generated/types.ts'
import type { Path } from './diagnostics.ts'

/** One object's need of another one in its namespace. */
export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret' | 'PersistentVolumeClaim'
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
  for (const { spec, path } of podSpecs(object)) addPod(references, path, spec)
  return references
}

function podSpecs(object: KubernetesObject): readonly { readonly spec: PodSpec; readonly path: Path }[] {
  switch (object.kind) {
    case 'Pod':
      return [{ spec: object.spec, path: ['spec'] }]
    case 'Deployment':
    case 'DaemonSet':
    case 'StatefulSet':
    case 'Job':
      return [{ spec: object.spec.template.spec, path: ['spec', 'template', 'spec'] }]
    case 'ReplicaSet': {
      const spec = object.spec.template?.spec
      return spec === undefined ? [] : [{ spec, path: ['spec', 'template', 'spec'] }]
    }
    case 'CronJob': {
      const job = object.spec.jobTemplate.spec
      const path = ['spec', 'jobTemplate', 'spec', 'template', 'spec']
      return job === undefined ? [] : [{ spec: job.template.spec, path }]
    }
    case 'Cluster':
    case 'ConfigMap':
    case 'HorizontalPodAutoscaler':
    case 'Namespace':
    case 'Node':
    case 'PersistentVolumeClaim':
    case 'PodDisruptionBudget':
    case 'PriorityClass':
    case 'Secret':
    case 'Service':
    case 'ServiceAccount':
      return []
    default:
      return object satisfies never
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
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    if (!name) continue
    references.push({
      kind: 'Secret',
      name,
      path: [...path, 'imagePullSecrets', index, 'name'],
      dispensable: true,
    })
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
  const { configMap, persistentVolumeClaim: claim, secret } = volume
  if (configMap !== undefined)
    addFiles(references, 'ConfigMap', [...path, 'configMap'], 'name', configMap.name, configMap)
  if (secret !== undefined)
    addFiles(references, 'Secret', [...path, 'secret'], 'secretName', secret.secretName, secret)
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
