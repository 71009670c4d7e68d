import { texts } from '../dockerLike/imageParsers.ts'
import { parseReference, referenceText } from '../oci/images/reference.ts'
import { parseJson } from '../oci/json.ts'

export interface ImageLine {
  readonly id: string
  /** In full, as the engine writes them. */
  readonly names: readonly string[]
  readonly bytes: number
}

/** What `imageListArgs` prints; an image stands there once for each name that it was asked for by. */
export function parseImageLines(stdout: string): readonly ImageLine[] {
  const byId = new Map<string, ImageLine>()
  for (const line of stdout.split('\n')) {
    const [, id, tags = '', digests = '', bytes] = /^"([^"]+)" (\S+) (\S+) (\d+)$/.exec(line) ?? []
    if (id === undefined) continue
    const names = [...texts(parseJson(tags)), ...texts(parseJson(digests))].map(fullName)
    byId.set(id, { id, names, bytes: Number(bytes) })
  }
  return [...byId.values()]
}

function fullName(name: string): string {
  const reference = parseReference(name)
  return typeof reference === 'string' ? name : referenceText(reference)
}
