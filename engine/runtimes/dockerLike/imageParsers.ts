import { imageConfig } from '../oci/images/manifest.ts'
import { parseReference, pinnedText, repositoryName } from '../oci/images/reference.ts'
import type { LocalImage } from '../oci/images/store.ts'
import { isObject, parseJson } from '../oci/json.ts'

/** What `image inspect` prints of one image, found by this name. */
export function parseImage(stdout: string, name: string): LocalImage | undefined {
  const all = parseJson(stdout)
  const image: unknown = Array.isArray(all) ? all[0] : undefined
  if (!isObject(image) || typeof image['Id'] !== 'string') return undefined
  const { Config: config, Digest: digest, GraphDriver: driver, Id: id, RepoDigests: digests } = image
  return {
    id: fullId(id),
    reference: pinned(name, texts(digests), typeof digest === 'string' ? digest : undefined),
    layerDirs: layersOf(driver),
    config: imageConfig(isObject(config) ? config : {}),
  }
}

/** The digest that its own registry knows it by, where the program remembers one. */
function pinned(name: string, digests: readonly string[], digest: string | undefined): string {
  const reference = name.startsWith('sha256:') ? 'an id' : parseReference(name)
  if (typeof reference === 'string') return digests[0] ?? name
  if (reference.digest !== undefined) return pinnedText(reference, reference.digest)
  const own = digests.find((one) => one.startsWith(`${repositoryName(reference)}@`))
  const known = digest ?? digests[0]?.split('@')[1]
  return own ?? (known === undefined ? name : pinnedText(reference, known))
}

/** Bottom first. The overlay driver tells the topmost, and those below it from the top. */
function layersOf(driver: unknown): readonly string[] {
  const data = isObject(driver) && isObject(driver['Data']) ? driver['Data'] : {}
  const lower = typeof data['LowerDir'] === 'string' ? data['LowerDir'].split(':') : []
  const upper = typeof data['UpperDir'] === 'string' ? [data['UpperDir']] : []
  return [...upper, ...lower].toReversed()
}

/** docker writes it with what it is a hash by, podman without. */
export function fullId(id: string): string {
  return id.startsWith('sha256:') ? id : `sha256:${id}`
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
