import type { ConfigMap, Secret } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import { dataKey } from './names.ts'

/** Of one ConfigMap or Secret, as in Kubernetes. */
const DATA_BYTES_MAX = 1024 * 1024

type Texts = Readonly<Record<string, string>>

export function checkConfigMap(context: CheckContext, map: ConfigMap): void {
  const { data = {}, binaryData = {} } = map
  if (!context.sound(['data']) || !context.sound(['binaryData'])) return
  checkKeys(context, 'data', data)
  checkKeys(context, 'binaryData', binaryData)
  for (const key of Object.keys(binaryData)) {
    if (Object.hasOwn(data, key)) context.error(['binaryData', key], `the key ${key} is in data too`)
  }
  const size = textBytes(data) + checkBase64(context, 'binaryData', binaryData)
  if (size > DATA_BYTES_MAX) context.error(['data'], tooLarge(size))
}

export function checkSecret(context: CheckContext, secret: Secret): void {
  const { data = {}, stringData = {} } = secret
  if (!context.sound(['data']) || !context.sound(['stringData'])) return
  checkKeys(context, 'data', data)
  checkKeys(context, 'stringData', stringData)
  const size = checkBase64(context, 'data', data) + textBytes(stringData)
  if (size > DATA_BYTES_MAX) context.error(['data'], tooLarge(size))
  checkType(context, secret.type ?? 'Opaque', { ...data, ...stringData }, secret)
}

function checkKeys(context: CheckContext, field: string, data: Texts): void {
  for (const key of Object.keys(data)) {
    const rule = dataKey(key)
    if (rule !== undefined) context.error([field, key], `the key ${JSON.stringify(key)} ${rule}`)
  }
}

/** The size of what was decoded. Values are never shown: they may be secret. */
function checkBase64(context: CheckContext, field: string, data: Texts): number {
  let size = 0
  for (const [key, value] of Object.entries(data)) {
    const bytes = decoded(value)
    if (bytes === undefined) {
      const hint = field === 'data' ? 'write plain text under stringData instead' : undefined
      context.error([field, key], 'must be base64', hint)
    } else size += bytes.length
  }
  return size
}

export function decoded(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(base64.replaceAll(/[\r\n]/g, ''), { lastChunkHandling: 'strict' })
  } catch {
    return undefined
  }
}

function textBytes(data: Texts): number {
  return Object.values(data).reduce((size, value) => size + value.length, 0)
}

function tooLarge(size: number): string {
  return `has ${size} bytes of data, more than the ${DATA_BYTES_MAX} that one object may hold`
}

/** What the types of Secrets promise: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types */
function checkType(context: CheckContext, type: string, data: Texts, secret: Secret): void {
  switch (type) {
    case 'kubernetes.io/dockerconfigjson':
      return checkDockerConfig(context, '.dockerconfigjson', secret)
    case 'kubernetes.io/dockercfg':
      return checkDockerConfig(context, '.dockercfg', secret)
    case 'kubernetes.io/basic-auth':
      if ('username' in data || 'password' in data) return
      return context.error(['data'], `a Secret of type ${type} needs the key username or password`)
    case 'kubernetes.io/ssh-auth':
      return checkPresent(context, type, data, ['ssh-privatekey'])
    case 'kubernetes.io/tls':
      return checkPresent(context, type, data, ['tls.crt', 'tls.key'])
    case 'kubernetes.io/service-account-token':
      return checkServiceAccount(context, type, secret)
  }
}

function checkPresent(context: CheckContext, type: string, data: Texts, keys: readonly string[]): void {
  for (const key of keys) {
    if (!(key in data)) context.error(['data', key], `a Secret of type ${type} needs the key ${key}`)
  }
}

function checkServiceAccount(context: CheckContext, type: string, secret: Secret): void {
  const name = secret.metadata.annotations?.['kubernetes.io/service-account.name']
  if (name) return
  const path = ['metadata', 'annotations', 'kubernetes.io/service-account.name']
  context.error(path, `a Secret of type ${type} needs this annotation`)
}

function checkDockerConfig(context: CheckContext, key: string, secret: Secret): void {
  const plain = secret.stringData?.[key]
  const encoded = secret.data?.[key]
  const field = plain === undefined ? 'data' : 'stringData'
  if (plain === undefined && encoded === undefined) {
    return context.error(['data', key], `a Secret of type ${secret.type} needs the key ${key}`)
  }
  const bytes = plain === undefined ? decoded(encoded ?? '') : undefined
  const text = plain ?? (bytes === undefined ? undefined : new TextDecoder().decode(bytes))
  if (text !== undefined && !isJsonObject(text)) {
    context.error([field, key], 'must be a JSON object, as docker keeps it in ~/.docker/config.json')
  }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
