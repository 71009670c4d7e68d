import type { DockerConfig, PullImageRequest } from '../../api/imageRequests.ts'
import type { PodSpec } from '../../api/generated/types.ts'
import { objectKey } from '../../api/names.ts'
import type { PodRecord } from '../../api/records.ts'
import type { Desired } from '../../api/snapshot.ts'
import { type ConfigProblem, isProblem } from '../context.ts'
import { containerFacts, filledFactsOf } from '../facts.ts'
import { configError } from './environment.ts'
import { sourceData, textOf } from './sources.ts'

/** A pull secret that does not exist is passed over, as in Kubernetes: the image may be public. */
export function pullImageRequest(
  record: PodRecord,
  container: string,
  desired: Desired,
): PullImageRequest | ConfigProblem {
  const facts = filledFactsOf(record.pod.spec)
  const found = containerFacts(facts, container)?.container
  if (found?.image === undefined || found.image === '') {
    return {
      kind: 'problem',
      reason: 'InvalidImageName',
      message: `container ${container} names no image`,
      certain: true,
    }
  }
  const auths = pullAuths(record, facts.spec, desired)
  if (isProblem(auths)) return auths
  return { image: found.image, policy: found.imagePullPolicy ?? 'IfNotPresent', auths }
}

/** The pod's pull secrets; those of its ServiceAccount when it names none, as Kubernetes' admission fills them in. */
export function pullAuths(
  record: PodRecord,
  spec: PodSpec,
  desired: Desired,
): readonly DockerConfig[] | ConfigProblem {
  const namespace = record.pod.metadata.namespace ?? 'default'
  const auths: DockerConfig[] = []
  for (const { name = '' } of pullSecrets(spec, namespace, desired)) {
    const data = sourceData(desired, 'Secret', namespace, name)
    const config =
      data === undefined ? undefined : dockerConfig(data.get('.dockerconfigjson'), data.get('.dockercfg'))
    if (config === null)
      return configError(`pull secret "${name}" does not hold the JSON of a Docker configuration`)
    if (config !== undefined) auths.push(config)
  }
  return auths
}

function pullSecrets(
  spec: PodSpec,
  namespace: string,
  desired: Desired,
): readonly { readonly name?: string }[] {
  const own = spec.imagePullSecrets ?? []
  if (own.length > 0) return own
  const account = spec.serviceAccountName || spec.serviceAccount || 'default'
  const object = desired.objects.get(objectKey('ServiceAccount', namespace, account))?.object
  return object?.kind === 'ServiceAccount' ? (object.imagePullSecrets ?? []) : []
}

type Data = string | Uint8Array | undefined

/** Null: not to be read. A .dockercfg is what a .dockerconfigjson has under `auths`. */
function dockerConfig(json: Data, legacy: Data): DockerConfig | null | undefined {
  const text = json ?? legacy
  if (text === undefined) return undefined
  const parsed = parseObject(textOf(text))
  const auths = json === undefined || parsed === undefined ? parsed : toObject(parsed['auths'] ?? {})
  return auths === undefined ? null : { auths: mapValues(auths) }
}

/** Never the parser's own words: they quote what they could not read. */
function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return toObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

function toObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}

function mapValues(auths: Readonly<Record<string, unknown>>): DockerConfig['auths'] {
  const result: Record<string, DockerConfig['auths'][string]> = {}
  for (const registry of Object.keys(auths).toSorted()) {
    const entry = toObject(auths[registry]) ?? {}
    result[registry] = { ...text('auth', entry), ...text('username', entry), ...text('password', entry) }
  }
  return result
}

function text<K extends string>(
  key: K,
  entry: Readonly<Record<string, unknown>>,
): Partial<Record<K, string>> {
  const value = entry[key]
  const result: Partial<Record<string, string>> = typeof value === 'string' ? { [key]: value } : {}
  return result
}
