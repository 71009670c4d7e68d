/** An image's name with nothing left out: `docker.io/library/busybox:1.36`. */
export interface ImageReference {
  /** Host, with a port where one is written. */
  readonly registry: string
  readonly repository: string
  /** Absent when a digest is given: the digest decides, as in Docker. */
  readonly tag?: string
  readonly digest?: string
}

const HOST =
  /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(?::\d+)?$/
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** By the rules of Docker's reference grammar; a string says what is wrong with the name. */
export function parseReference(text: string): ImageReference | string {
  const [named = '', digest, ...rest] = text.split('@')
  if (rest.length > 0) return 'it has more than one @'
  if (digest !== undefined && !DIGEST.test(digest))
    return `${digest} is not a digest such as sha256:<64 hex digits>`
  const { name, tag } = splitTag(named)
  if (tag !== undefined && !TAG.test(tag)) return `${JSON.stringify(tag)} is not a tag`
  const { registry, path } = splitRegistry(name)
  if (!HOST.test(registry)) return `${JSON.stringify(registry)} is not a registry's host`
  if (path === '') return 'the name is empty'
  if (path !== path.toLowerCase()) return 'a repository is written in lower case'
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path
  if (!PATH.test(repository) || repository.length > 255) return `${JSON.stringify(path)} is not a repository`
  if (digest !== undefined) return { registry, repository, digest }
  return { registry, repository, tag: tag ?? 'latest' }
}

function splitTag(named: string): { readonly name: string; readonly tag?: string } {
  const colon = named.lastIndexOf(':')
  // A colon before the last slash belongs to the registry's port.
  if (colon < 0 || colon < named.lastIndexOf('/')) return { name: named }
  return { name: named.slice(0, colon), tag: named.slice(colon + 1) }
}

/** The first part is a host when it has a dot, a port or an upper case letter, or is localhost. */
function splitRegistry(name: string): { readonly registry: string; readonly path: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  if (!isHost) return { registry: 'docker.io', path: name }
  return { registry: first === 'index.docker.io' ? 'docker.io' : first, path: name.slice(slash + 1) }
}

/** `registry/repository`, without tag and digest. */
export function repositoryName(reference: ImageReference): string {
  return `${reference.registry}/${reference.repository}`
}

export function referenceText(reference: ImageReference): string {
  return reference.digest === undefined
    ? `${repositoryName(reference)}:${reference.tag ?? 'latest'}`
    : pinnedText(reference, reference.digest)
}

export function pinnedText(reference: ImageReference, digest: string): string {
  return `${repositoryName(reference)}@${digest}`
}

/** A registry on loopback speaks plain http, as Docker has it. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '')
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
