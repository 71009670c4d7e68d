import type {
  Container,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ResourceFieldSelector,
} from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { didYouMean } from '../suggestions.ts'
import { qualifiedName, variableName } from './names.ts'
import { descendingPath } from './paths.ts'
import { checkOne } from './probes.ts'
import { checkVolumeName } from './volumeNames.ts'
import { checkQuantity } from './resources.ts'

const SOURCES = ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef']
const FROM = ['configMapRef', 'secretRef']

const FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

const RESOURCES = [
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
]

/** `volumes`: the names of all volumes of the pod; undefined when they cannot be known. */
export function checkEnvironment(
  context: CheckContext,
  path: Path,
  container: Container,
  volumes: readonly string[] | undefined,
): void {
  for (const [index, variable] of (container.env ?? []).entries()) {
    const at = [...path, 'env', index]
    checkVariable(context, at, variable)
    const file = variable.valueFrom?.fileKeyRef
    if (file !== undefined)
      checkVolumeName(context, [...at, 'valueFrom', 'fileKeyRef', 'volumeName'], file.volumeName, volumes)
  }
  for (const [index, source] of (container.envFrom ?? []).entries()) {
    const at = [...path, 'envFrom', index]
    checkOne(context, at, FROM, source)
    const rule = source.prefix ? variableName(source.prefix) : undefined
    if (rule !== undefined) context.error([...at, 'prefix'], `${JSON.stringify(source.prefix)} ${rule}`)
    checkNamed(context, [...at, 'configMapRef'], source.configMapRef)
    checkNamed(context, [...at, 'secretRef'], source.secretRef)
  }
}

function checkVariable(context: CheckContext, path: Path, variable: EnvVar): void {
  const rule = variableName(variable.name)
  if (rule !== undefined) context.error([...path, 'name'], `${JSON.stringify(variable.name)} ${rule}`)
  if (variable.valueFrom === undefined) return
  if (variable.value) context.error([...path, 'valueFrom'], 'may not be given together with value')
  checkSource(context, [...path, 'valueFrom'], variable.valueFrom)
}

function checkSource(context: CheckContext, path: Path, source: EnvVarSource): void {
  checkOne(context, path, SOURCES, source)
  checkNamed(context, [...path, 'configMapKeyRef'], source.configMapKeyRef)
  checkNamed(context, [...path, 'secretKeyRef'], source.secretKeyRef)
  if (source.fieldRef !== undefined)
    checkFieldPath(context, [...path, 'fieldRef', 'fieldPath'], source.fieldRef.fieldPath)
  if (source.fileKeyRef !== undefined) checkFileKey(context, [...path, 'fileKeyRef'], source.fileKeyRef)
  if (source.resourceFieldRef !== undefined)
    checkResourceField(context, [...path, 'resourceFieldRef'], source.resourceFieldRef)
}

function checkFileKey(context: CheckContext, path: Path, { key, path: file }: FileKeySelector): void {
  const ofKey = variableName(key)
  if (ofKey !== undefined) context.error([...path, 'key'], `${JSON.stringify(key)} ${ofKey}`)
  const ofFile = file === '' ? 'must not be empty' : descendingPath(file)
  if (ofFile !== undefined) context.error([...path, 'path'], ofFile)
}

export function checkResourceField(context: CheckContext, path: Path, selector: ResourceFieldSelector): void {
  const { resource, divisor } = selector
  if (!RESOURCES.includes(resource) && !/^(?:limits|requests)\.hugepages-/.test(resource)) {
    const { suggestion } = didYouMean(resource, RESOURCES)
    context.error([...path, 'resource'], notOf(resource, RESOURCES), suggestion)
  }
  if (divisor !== undefined) checkQuantity(context, [...path, 'divisor'], divisor)
}

/** `fields`: those that can be read where the value is to go. */
export function checkFieldPath(
  context: CheckContext,
  path: Path,
  fieldPath: string,
  fields: readonly string[] = FIELDS,
): void {
  if (fields.includes(fieldPath)) return
  const [, key] = /^metadata\.(?:labels|annotations)\['([^']+)'\]$/.exec(fieldPath) ?? []
  const rule = key === undefined ? undefined : qualifiedName(key.toLowerCase())
  if (rule !== undefined) return context.error(path, `the key ${JSON.stringify(key)} ${rule}`)
  if (key !== undefined) return
  const all = [...fields, "metadata.labels['KEY']", "metadata.annotations['KEY']"]
  context.error(path, notOf(fieldPath, all), didYouMean(fieldPath, fields).suggestion)
}

function checkNamed(
  context: CheckContext,
  path: Path,
  reference: { readonly name?: string } | undefined,
): void {
  if (reference !== undefined && !reference.name)
    context.error([...path, 'name'], 'required field is missing')
}

function notOf(value: string, values: readonly string[]): string {
  return `${JSON.stringify(value)} is not one of the supported values ${values.join(', ')}`
}
