import { imageConfig } from '../oci/images/manifest.ts'
import { parseReference, pinnedText, repositoryName } from '../oci/images/reference.ts'
import type { LocalImage } from '../oci/images/store.ts'
import { isObject, parseJson } from '../oci/json.ts'

/** What `podman image inspect` prints of one image, found by this name. */
export function parseImage(stdout: string, name: string): LocalImage | undefined {
  const all = parseJson(stdout)
  const image: unknown = Array.isArray(all) ? all[0] : undefined
  if (!isObject(image) || typeof image['Id'] !== 'string') return undefined
  const { Config: config, Digest: digest, GraphDriver: driver, Id: id, RepoDigests: digests } = image
  return {
    id: `sha256:${id}`,
    reference: pinned(name, texts(digests), String(digest)),
    layerDirs: layersOf(driver),
    config: imageConfig(isObject(config) ? config : {}),
  }
}

/** The digest that its own registry knows it by, where podman remembers one. */
function pinned(name: string, digests: readonly string[], digest: string): string {
  const reference = name.startsWith('sha256:') ? 'an id' : parseReference(name)
  if (typeof reference === 'string') return digests[0] ?? name
  if (reference.digest !== undefined) return pinnedText(reference, reference.digest)
  const own = digests.find((one) => one.startsWith(`${repositoryName(reference)}@`))
  return own ?? pinnedText(reference, digest)
}

/** Bottom first. podman's overlay driver tells the topmost, and those below it from the top. */
function layersOf(driver: unknown): readonly string[] {
  const data = isObject(driver) && isObject(driver['Data']) ? driver['Data'] : {}
  const lower = typeof data['LowerDir'] === 'string' ? data['LowerDir'].split(':') : []
  const upper = typeof data['UpperDir'] === 'string' ? [data['UpperDir']] : []
  return [...upper, ...lower].toReversed()
}

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

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
