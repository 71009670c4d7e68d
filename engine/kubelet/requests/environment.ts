import type { Container, EnvFromSource, EnvVar, FileKeySelector } from '../../api/generated/types.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import type { ConfigProblem, PodContext } from '../context.ts'
import { fileKey, parseEnvFile } from './envFiles.ts'
import { expand } from './expansion.ts'
import { fieldValue } from './fields.ts'
import { resourceValue } from './resourceFields.ts'
import { serviceLinks } from './serviceLinks.ts'
import { notFound, type SourceData, sourceData, type SourceKind, textOf } from './sources.ts'

/** Printable ASCII without `=`: what Kubernetes takes as a variable's name since 1.34. */
const NAME = /^[ -<>-~]+$/

/** What stands under `env` wins over `envFrom`, the later over the earlier, and both over what is said of Services. */
export function environmentOf(
  container: Container,
  pod: ObservedPod,
  context: PodContext,
): ReadonlyMap<string, string> | ConfigProblem {
  const variables = new Map(serviceLinks(pod.record.pod.spec, context.services ?? []))
  for (const source of container.envFrom ?? []) {
    const problem = addAll(source, variables, pod, context)
    if (problem !== undefined) return problem
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, container, variables, pod, context)
    if (isMissing(value)) continue
    if (typeof value !== 'string') return value
    if (value.includes('\0')) return configError(`the value of variable ${variable.name} holds a zero byte`)
    variables.set(variable.name, value)
  }
  return variables
}

function addAll(
  source: EnvFromSource,
  variables: Map<string, string>,
  pod: ObservedPod,
  context: PodContext,
): ConfigProblem | undefined {
  const reference = source.configMapRef ?? source.secretRef
  if (reference === undefined) return undefined
  const kind = source.configMapRef === undefined ? 'Secret' : 'ConfigMap'
  const data = sourceData(context.desired, kind, namespaceOf(pod), reference.name ?? '')
  if (data === undefined) {
    return reference.optional === true ? undefined : configError(notFound(kind, reference.name ?? ''))
  }
  for (const [key, value] of data) {
    const name = `${source.prefix ?? ''}${key}`
    // Only text is for the environment: binaryData is left out, as in Kubernetes.
    if (kind === 'ConfigMap' && typeof value !== 'string') continue
    const text = textOf(value)
    if (NAME.test(name) && !text.includes('\0')) variables.set(name, text)
  }
  return undefined
}

const MISSING = { kind: 'missing' } as const

function isMissing(value: unknown): value is typeof MISSING {
  return value === MISSING
}

function valueOf(
  variable: EnvVar,
  container: Container,
  variables: ReadonlyMap<string, string>,
  pod: ObservedPod,
  context: PodContext,
): string | typeof MISSING | ConfigProblem {
  const { value, valueFrom } = variable
  if (value !== undefined && value !== '') return expand(value, variables)
  if (valueFrom?.fieldRef !== undefined) {
    const field = fieldValue(valueFrom.fieldRef.fieldPath, pod, context)
    return field ?? configError(`unsupported fieldPath: ${valueFrom.fieldRef.fieldPath}`)
  }
  if (valueFrom?.resourceFieldRef !== undefined) {
    const amount = resourceValue(valueFrom.resourceFieldRef, container, pod, context)
    return amount ?? configError(`unsupported resource: ${valueFrom.resourceFieldRef.resource}`)
  }
  if (valueFrom?.fileKeyRef !== undefined) return fileValue(valueFrom.fileKeyRef, context)
  if (valueFrom?.configMapKeyRef !== undefined) {
    return keyValue('ConfigMap', valueFrom.configMapKeyRef, pod, context)
  }
  if (valueFrom?.secretKeyRef !== undefined) return keyValue('Secret', valueFrom.secretKeyRef, pod, context)
  return ''
}

function fileValue(
  reference: FileKeySelector,
  { files }: PodContext,
): string | typeof MISSING | ConfigProblem {
  if (files === undefined) return ''
  const { key, optional, path, volumeName } = reference
  const where = `file ${path} of volume ${volumeName}`
  const text = files.get(fileKey(reference))
  if (text === undefined) return optional === true ? MISSING : fileError(`there is no ${where}`)
  const variables = parseEnvFile(text)
  if (typeof variables === 'string') return fileError(`${where}: ${variables}`)
  const value = variables.get(key)
  if (value !== undefined) return value
  return optional === true ? MISSING : fileError(`environment variable key "${key}" not found in ${where}`)
}

/** Another container may write it yet. */
function fileError(message: string): ConfigProblem {
  return { ...configError(message), certain: false }
}

interface KeyReference {
  readonly name?: string
  readonly key: string
  readonly optional?: boolean
}

function keyValue(
  kind: SourceKind,
  reference: KeyReference,
  pod: ObservedPod,
  context: PodContext,
): string | typeof MISSING | ConfigProblem {
  const { key, name = '', optional } = reference
  const data = sourceData(context.desired, kind, namespaceOf(pod), name)
  const value = data === undefined ? undefined : textual(data, kind, key)
  if (value !== undefined) return value
  if (optional === true) return MISSING
  if (data === undefined) return configError(notFound(kind, name))
  return configError(`couldn't find key ${key} in ${kind} ${namespaceOf(pod)}/${name}`)
}

function textual(data: SourceData, kind: SourceKind, key: string): string | undefined {
  const value = data.get(key)
  if (value === undefined || (kind === 'ConfigMap' && typeof value !== 'string')) return undefined
  return textOf(value)
}

export function namespaceOf(pod: Pick<ObservedPod, 'record'>): string {
  return pod.record.pod.metadata.namespace ?? 'default'
}

/** A container that cannot be described from what the commit has. */
export function configError(message: string): ConfigProblem {
  return { kind: 'problem', reason: 'CreateContainerConfigError', message, certain: true }
}

/** Command and arguments, with their variables. */
export function expandAll(
  words: readonly string[] | undefined,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  return (words ?? []).map((word) => expand(word, variables))
}
