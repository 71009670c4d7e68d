import type { DockerConfig } from '../../../api/imageRequests.ts'
import { sha256Hex } from './digest.ts'
import type { ImageReference } from './reference.ts'

/** One set of credentials to try: the content of an auth file that skopeo reads. */
export interface AuthAttempt {
  readonly content: string
}

/**
 * The pod's secrets that have something for this image's registry or for one of its mirrors, in order.
 * Keys match as in Kubernetes: host with `*` within its parts, port, and the path as a prefix; the longest one wins.
 */
export function authAttempts(
  reference: ImageReference,
  mirrorHosts: readonly string[],
  secrets: readonly DockerConfig[],
): readonly AuthAttempt[] {
  const places = [
    { host: reference.registry, path: `/${reference.repository}` },
    ...mirrorHosts.map((host) => ({ host, path: '/' })),
  ]
  return secrets.flatMap((secret) => {
    const found = places.flatMap((place) => {
      const auth = matching(secret, place.host, place.path)
      return auth === undefined ? [] : [[place.host, { auth }] as const]
    })
    return found.length === 0 ? [] : [{ content: JSON.stringify({ auths: Object.fromEntries(found) }) }]
  })
}

/** Tells requests with other credentials apart without keeping these. */
export function authKey(attempts: readonly AuthAttempt[]): string {
  return attempts.length === 0 ? '' : sha256Hex(attempts.map((attempt) => attempt.content).join('\n'))
}

function matching(secret: DockerConfig, host: string, path: string): string | undefined {
  const keys = Object.keys(secret.auths).toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1))
  for (const key of keys) {
    const auth = basicAuth(secret.auths[key])
    if (auth !== undefined && keyMatches(key, host, path)) return auth
  }
  return undefined
}

type Credentials = DockerConfig['auths'][string]

function basicAuth(entry: Credentials | undefined): string | undefined {
  if (entry?.username !== undefined && entry.password !== undefined) {
    return Buffer.from(`${entry.username}:${entry.password}`).toString('base64')
  }
  return entry?.auth === undefined || entry.auth === '' ? undefined : entry.auth
}

function keyMatches(key: string, host: string, path: string): boolean {
  const bare = key.replace(/^https?:\/\//, '')
  const slash = bare.indexOf('/')
  const keyHost = hostName(slash < 0 ? bare : bare.slice(0, slash))
  // `https://index.docker.io/v1/` is how Docker Hub has always been written.
  const keyPath = (slash < 0 ? '' : bare.slice(slash)).replace(/^\/v[12]\/?$/, '')
  return path.startsWith(keyPath) && hostMatches(keyHost, host)
}

function hostName(host: string): string {
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host
}

function hostMatches(pattern: string, host: string): boolean {
  const parts = pattern.split('.')
  const hostParts = host.split('.')
  return parts.length === hostParts.length && parts.every((part, i) => globMatches(part, hostParts[i] ?? ''))
}

function globMatches(pattern: string, text: string): boolean {
  const expression = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${expression.join('[^:]*')}$`).test(text)
}
