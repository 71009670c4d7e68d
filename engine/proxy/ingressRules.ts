import type { Ingress, IngressBackend } from '../api/generated/types.ts'
import type { IngressRoute } from '../api/ingress.ts'
import { keyParts, type ObjectKey, objectKey } from '../api/names.ts'

/** An Ingress that the engine's proxy answers for. */
export interface FoundIngress {
  readonly key: ObjectKey
  readonly ingress: Ingress
}

/** Why something of an Ingress is not answered as it says; all else of it is. */
export interface IngressProblem {
  readonly ingress: ObjectKey
  readonly reason: 'ServiceNotFound' | 'PortNotFound' | 'SecretNotFound' | 'InvalidCertificate' | 'Taken'
  readonly message: string
}

/** A port of a Service that routes lead to. */
export interface BackendReference {
  /** `namespace:service:port` */
  readonly name: string
  readonly service: ObjectKey
  /** Number or name. */
  readonly port: number | string
  /** In their order. */
  readonly ingresses: readonly ObjectKey[]
}

export interface IngressRules {
  readonly routes: readonly IngressRoute[]
  /** By name. */
  readonly references: readonly BackendReference[]
  readonly problems: readonly IngressProblem[]
}

/** Oldest first: what two ask for is the older one's, as Kubernetes recommends for ties. */
export function ingressRules(ingresses: readonly FoundIngress[]): IngressRules {
  const routes = new Map<string, { readonly route: IngressRoute; readonly holder: ObjectKey }>()
  const references = new Map<string, BackendReference & { readonly ingresses: ObjectKey[] }>()
  const problems: IngressProblem[] = []
  for (const { ingress, key } of ingresses) {
    for (const { backend, ...place } of wishesOf(ingress)) {
      const reference = referenceOf(backend, keyParts(key).namespace)
      if (reference === undefined) continue
      const route: IngressRoute = { ...place, backend: reference.name }
      const text = placeOf(route)
      const held = routes.getOrInsertComputed(text, () => ({ route, holder: key }))
      if (held.route !== route) {
        if (held.holder !== key && held.route.backend !== route.backend)
          problems.push({ ingress: key, reason: 'Taken', message: takenText(route, held.holder) })
        continue
      }
      const known = references.getOrInsertComputed(reference.name, () => ({ ...reference, ingresses: [] }))
      if (!known.ingresses.includes(key)) known.ingresses.push(key)
    }
  }
  return {
    routes: [...routes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, { route }]) => route),
    references: [...references.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    problems,
  }
}

interface Wish extends Omit<IngressRoute, 'backend'> {
  readonly backend: IngressBackend
}

/** A rule without paths, and an Ingress without rules, lead everything to the default backend. */
function wishesOf({ spec = {} }: Ingress): readonly Wish[] {
  const { defaultBackend, rules = [] } = spec
  const paths = rules.flatMap(({ host, http }) =>
    (http?.paths ?? []).map(({ backend, path = '', pathType }): Wish => {
      const isExact = pathType === 'Exact'
      return {
        ...ofHost(host),
        match: isExact ? 'exact' : 'prefix',
        path: isExact ? path : path.replace(/\/+$/, ''),
        backend,
      }
    }),
  )
  if (defaultBackend === undefined) return paths
  const hosts = rules.length === 0 ? [undefined] : [...new Set(rules.map(({ host }) => host))]
  const rest = hosts.map((host): Wish => {
    return { ...ofHost(host), match: 'rest', path: '', backend: defaultBackend }
  })
  return [...paths, ...rest]
}

function ofHost(host: string | undefined): { readonly host?: string } {
  return host === undefined || host === '' ? {} : { host: host.toLowerCase() }
}

function referenceOf(
  { service }: IngressBackend,
  namespace: string,
): Omit<BackendReference, 'ingresses'> | undefined {
  const port = service?.port?.name ?? service?.port?.number
  if (service === undefined || port === undefined) return undefined
  return {
    name: `${namespace}:${service.name}:${port}`,
    service: objectKey('Service', namespace, service.name),
    port,
  }
}

function placeOf({ host = '', match, path }: IngressRoute): string {
  return `${host} ${path} ${match}`
}

function takenText({ host, match, path }: IngressRoute, holder: ObjectKey): string {
  const what =
    match === 'rest' ? 'what no rule takes' : `${match === 'exact' ? 'path' : 'paths below'} ${path || '/'}`
  const { name, namespace } = keyParts(holder)
  return `${what} of ${host === undefined ? 'every host' : `host ${host}`} is led elsewhere by Ingress ${namespace}/${name}, which is older`
}
