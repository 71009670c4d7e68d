import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { canonicalJson } from '../../api/canonical.ts'
import type { ConfigMap, Secret } from '../../api/generated/types.ts'
import { keyParts, uidHash } from '../../api/names.ts'
import type { Health } from '../../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION } from '../../api/records.ts'
import type { DesiredObject } from '../../api/snapshot.ts'
import { type ControllerContext, type Decision, nothing, timestamp } from '../decision.ts'
import { REPLACE } from './replace.ts'

/** Tells whether the data is another one than when the object was first seen as immutable. */
const DATA_HASH = 'reconcile.dev/data-hash'

const FORBIDDEN = 'field is immutable when `immutable` is set'

export interface ImmutableDataInput {
  readonly desired: DesiredObject
  readonly object: ConfigMap | Secret
  readonly record: ObjectRecord | undefined
  /** The root's: the hash of a Secret stands in a record, and must not tell what it holds. */
  readonly hashKey: string
}

/**
 * An immutable ConfigMap or Secret whose data a later commit changes. The API server refuses that; here the object has failed until the
 * old data is back or it has another name. What runs keeps what it has; nobody has the old data any more that a new pod would need.
 */
export function immutableDataDecision(
  input: ImmutableDataInput,
  context: ControllerContext,
): Decision | undefined {
  const { desired, object, record } = input
  const { key } = desired
  const isFixed = object.immutable === true
  if (record === undefined) return isFixed ? remembered(input, context) : undefined
  const field = isFixed ? 'data' : 'immutable'
  if (isFixed && hashIn(record) === dataHash(input)) return undefined
  if (object.metadata.annotations?.[REPLACE] === 'true')
    return isFixed ? remembered(input, context) : forgotten(input)
  return { ...nothing(key), reports: [{ key, health: refusal(input, field), status: {} }] }
}

function remembered(input: ImmutableDataInput, context: ControllerContext): Decision {
  const { key } = input.desired
  const reason = 'is immutable: what it holds is remembered by its hash'
  const record = recordOf(input, dataHash(input), context)
  return { ...nothing(key), records: [{ kind: 'writeRecord', object: key, record, reason }] }
}

function refusal({ desired }: ImmutableDataInput, field: string): Health {
  const { kind, name } = keyParts(desired.key)
  const what = `${kind} "${name}" is invalid: ${field}: Forbidden: ${FORBIDDEN}`
  const remedy = `put it back as it was, give it another name, or allow it with ${REPLACE}: "true"`
  return { kind: 'failed', reason: 'Invalid', message: `${what}; ${remedy}` }
}

function forgotten({ desired: { key } }: ImmutableDataInput): Decision {
  const reason = 'is immutable no more'
  return { ...nothing(key), records: [{ kind: 'deleteRecord', object: key, key, reason }] }
}

function hashIn({ object }: ObjectRecord): string | undefined {
  return object.metadata.annotations?.[DATA_HASH]
}

const hashes = new WeakMap<ConfigMap | Secret, { readonly hashKey: string; readonly hash: string }>()

/** The same however the data is written: as text or in base64. */
function dataHash({ hashKey, object }: ImmutableDataInput): string {
  const known = hashes.get(object)
  if (known?.hashKey === hashKey) return known.hash
  const text = utf8ToBytes(canonicalJson(dataOf(object)))
  const hash = bytesToHex(hmac(sha256, utf8ToBytes(hashKey), text)).slice(0, 32)
  hashes.set(object, { hashKey, hash })
  return hash
}

function dataOf(object: ConfigMap | Secret): Readonly<Record<string, string>> {
  const [encoded, plain] =
    object.kind === 'Secret' ? [object.data, object.stringData] : [object.binaryData, object.data]
  const entries = [
    ...Object.entries(encoded ?? {}).map(([key, value]) => [key, value.replaceAll(/\s/g, '')]),
    ...Object.entries(plain ?? {}).map(([key, value]) => [key, utf8ToBytes(value).toBase64()]),
  ]
  return Object.fromEntries(entries)
}

function recordOf(
  { desired: { key }, object, record }: ImmutableDataInput,
  hash: string,
  context: ControllerContext,
): ObjectRecord {
  const { name, namespace } = keyParts(key)
  const created = record?.object.metadata.creationTimestamp ?? timestamp(context.now)
  return {
    recordVersion: RECORD_VERSION,
    generation: (record?.generation ?? 0) + 1,
    key,
    commit: context.commit,
    object: {
      apiVersion: 'v1',
      kind: object.kind,
      metadata: {
        name,
        namespace,
        uid: record?.object.metadata.uid ?? uidHash(key, created),
        creationTimestamp: created,
        annotations: { [DATA_HASH]: hash },
      },
    },
  }
}
