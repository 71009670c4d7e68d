import type { ObjectKey } from '../../api/names.ts'
import { keyParts } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { RECORD_VERSION } from '../../api/records.ts'
import type { Transport } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import { sha256Hex } from './images/digest.ts'
import { isObject, parseJson } from './json.ts'

/** A file's name has 255 bytes; an object's may have 253, and a temporary file adds up to 19. */
const NAME_MAX = 236
const HASH_LENGTH = 32

/** `records/<Kind>/<namespace or _>/<name>.json`; the end of a name that is too long is a hash. No object's name has a `~`. */
export function objectRecordFile(records: string, key: ObjectKey): string {
  const { kind, name, namespace } = keyParts(key)
  const file =
    name.length <= NAME_MAX
      ? name
      : `${name.slice(0, NAME_MAX - HASH_LENGTH - 1)}~${sha256Hex(name).slice(0, HASH_LENGTH)}`
  return `${records}/${kind}/${namespace === '' ? '_' : namespace}/${file}.json`
}

/** Rejects when one cannot be read: what it says of an object is not known, so nothing may be decided about it. */
export async function readObjectRecords(
  transport: Transport,
  records: string,
): Promise<ReadonlyMap<ObjectKey, ObjectRecord>> {
  const files = await transport.readTree(records, { depth: 3 })
  const found = new Map<ObjectKey, ObjectRecord>()
  for (const { content, path } of files) {
    if (content === undefined || !path.endsWith('.json') || path.includes('/.')) continue
    const record = parseObjectRecord(content, `${records}/${path}`)
    found.set(record.key, record)
  }
  return found
}

function parseObjectRecord(content: string, file: string): ObjectRecord {
  const value = parseJson(content)
  const version = isObject(value) ? value['recordVersion'] : undefined
  if (isObject(value) && version === RECORD_VERSION && typeof value['key'] === 'string') {
    return value as unknown as ObjectRecord
  }
  const why = isObject(value)
    ? `its version ${JSON.stringify(version)} is not known to this engine`
    : 'it is damaged'
  throw new RuntimeFailure('UnreadableRecord', `reading ${file}: ${why}`, { certain: true })
}

export async function writeObjectRecord(
  transport: Transport,
  records: string,
  record: ObjectRecord,
): Promise<void> {
  const file = objectRecordFile(records, record.key)
  await transport.makeDirectory(file.slice(0, file.lastIndexOf('/')), 0o700)
  await transport.writeFile(file, objectRecordText(record), 0o600)
}

export function objectRecordText(record: ObjectRecord): string {
  return JSON.stringify(record)
}
