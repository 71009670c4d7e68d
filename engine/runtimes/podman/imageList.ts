import { texts } from '../dockerLike/imageParsers.ts'
import { isObject, parseJson } from '../oci/json.ts'

export interface ListedImage {
  readonly id: string
  readonly names: readonly string[]
  readonly bytes: number
}

/** What `podman image list` prints as JSON; it lists an image once for each of its names. */
export function parseImageList(stdout: string): readonly ListedImage[] {
  const all = parseJson(stdout)
  const images = Array.isArray(all) ? all.filter(isObject) : []
  const byId = new Map<string, ListedImage>()
  for (const image of images) {
    const id = `sha256:${String(image['Id'])}`
    const names = [...texts(image['Names']), ...texts(image['RepoDigests'])]
    const before = byId.get(id)
    byId.set(id, {
      id,
      names: [...new Set([...(before?.names ?? []), ...names])],
      bytes: Number(image['Size'] ?? 0),
    })
  }
  return [...byId.values()]
}
