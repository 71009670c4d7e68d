import type { Transport } from '../../../transport/transport.ts'
import { layerName } from './digest.ts'
import type { StorePaths } from './paths.ts'
import { nameFile, recordFile } from './paths.ts'
import type { ImageConfig } from './store.ts'

/** An image that was pulled. Written after its layers, deleted before them. */
export interface ImageRecord {
  readonly recordVersion: 1
  readonly id: string
  /** `registry/repository@sha256:...` by which it came first. */
  readonly reference: string
  readonly layers: readonly { readonly blob: string; readonly diffId: string }[]
  readonly config: ImageConfig
}

/** What a name stood for when it was last asked for. */
export interface NameRecord {
  readonly recordVersion: 1
  readonly name: string
  /** Of the manifest or index that the registry has under the name. */
  readonly digest: string
  readonly id: string
}

export interface CatalogListing {
  readonly images: readonly ImageRecord[]
  readonly names: readonly NameRecord[]
  /** Files of a later engine: what they need is not known, so nothing may be deleted. */
  readonly unknown: readonly string[]
}

/** The images on a node's disk. What was read is remembered; that the layers are there is looked up each time. */
export interface Catalog {
  name(name: string): Promise<NameRecord | undefined>
  /** Undefined also when one of its layers has gone. */
  image(id: string): Promise<ImageRecord | undefined>
  addImage(record: ImageRecord, signal?: AbortSignal): Promise<void>
  addName(record: NameRecord, signal?: AbortSignal): Promise<void>
  list(signal?: AbortSignal): Promise<CatalogListing>
  deleteName(record: NameRecord): Promise<void>
  deleteImage(id: string): Promise<void>
}

export function createCatalog(transport: Transport, paths: StorePaths): Catalog {
  const names = new Map<string, NameRecord>()
  const images = new Map<string, ImageRecord>()

  async function remembered<T>(
    memory: Map<string, T>,
    key: string,
    file: string,
    guard: (value: unknown) => value is T,
  ): Promise<T | undefined> {
    const known = memory.get(key)
    if (known !== undefined) return known
    const found = await read(transport, file, guard)
    if (found === undefined || found === 'unknown') return undefined
    memory.set(key, found)
    return found
  }

  return {
    name: async (name) => await remembered(names, name, nameFile(paths, name), isNameRecord),
    image: async (id) => {
      const record = await remembered(images, id, recordFile(paths, id), isImageRecord)
      if (record === undefined) return undefined
      const present = new Set(await transport.listDirectory(paths.layers))
      return record.layers.every((layer) => present.has(layerName(layer.diffId))) ? record : undefined
    },
    addImage: async (record, signal) => {
      await transport.writeFile(recordFile(paths, record.id), JSON.stringify(record), 0o600, signal)
      images.set(record.id, record)
    },
    addName: async (record, signal) => {
      const known = names.get(record.name)
      if (known?.id === record.id && known.digest === record.digest) return
      await transport.writeFile(nameFile(paths, record.name), JSON.stringify(record), 0o600, signal)
      names.set(record.name, record)
    },
    list: async () => {
      const [imageList, unknownImages] = await readAll(transport, paths.records, isImageRecord)
      const [nameList, unknownNames] = await readAll(transport, paths.names, isNameRecord)
      return { images: imageList, names: nameList, unknown: [...unknownImages, ...unknownNames] }
    },
    deleteName: async (record) => {
      names.delete(record.name)
      await transport.remove(nameFile(paths, record.name))
    },
    deleteImage: async (id) => {
      images.delete(id)
      await transport.remove(recordFile(paths, id))
    },
  }
}

async function read<T>(
  transport: Transport,
  file: string,
  guard: (value: unknown) => value is T,
): Promise<T | 'unknown' | undefined> {
  const content = await transport.readFile(file)
  return content === undefined ? undefined : parseRecord(content, guard)
}

async function readAll<T>(
  transport: Transport,
  directory: string,
  guard: (value: unknown) => value is T,
): Promise<readonly [readonly T[], readonly string[]]> {
  const files = (await transport.listDirectory(directory)).filter((file) => file.endsWith('.json'))
  const found = await Promise.all(
    files.map(async (file) => [file, await read(transport, `${directory}/${file}`, guard)] as const),
  )
  return [
    found.flatMap(([, value]) => (value === undefined || value === 'unknown' ? [] : [value])),
    found.flatMap(([file, value]) => (value === 'unknown' ? [`${directory}/${file}`] : [])),
  ]
}

/** `unknown`: of another version. A file that is no JSON (files are written atomically, so by another's hand) counts as absent. */
function parseRecord<T>(
  content: Uint8Array,
  guard: (value: unknown) => value is T,
): T | 'unknown' | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(content))
  } catch {
    return undefined
  }
  if (isObject(value) && 'recordVersion' in value && value.recordVersion !== 1) return 'unknown'
  return guard(value) ? value : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Only this module writes these files: the fields that tell the kinds apart are enough. */
function isImageRecord(value: unknown): value is ImageRecord {
  return (
    isObject(value) &&
    'id' in value &&
    'layers' in value &&
    Array.isArray(value.layers) &&
    'config' in value &&
    'reference' in value
  )
}

function isNameRecord(value: unknown): value is NameRecord {
  return isObject(value) && 'name' in value && 'digest' in value && 'id' in value
}
