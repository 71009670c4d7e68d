import type { ServicePort } from '../api/generated/types.ts'
import type { IngressBackend } from '../api/ingress.ts'
import { keyParts } from '../api/names.ts'
import type { ResolvedService } from '../api/services.ts'
import { endpointsOf } from './frontends.ts'
import type { BackendReference, IngressProblem } from './ingressRules.ts'

export interface ResolvedBackend {
  readonly backend: IngressBackend
  /** Without endpoints because of it. */
  readonly problem?: Pick<IngressProblem, 'reason' | 'message'>
}

const known = new WeakMap<ResolvedService, Map<string, ResolvedBackend>>()

/** The very same as long as the Service and its endpoints are. Undefined: there is no such Service. */
export function resolvedBackend(
  reference: BackendReference,
  service: ResolvedService | undefined,
): ResolvedBackend {
  if (service === undefined)
    return { backend: { name: reference.name, endpoints: [] }, problem: missing(reference) }
  return known
    .getOrInsertComputed(service, () => new Map())
    .getOrInsertComputed(reference.name, () => resolve(reference, service))
}

function missing({ service }: BackendReference): NonNullable<ResolvedBackend['problem']> {
  const { name, namespace } = keyParts(service)
  return { reason: 'ServiceNotFound', message: `there is no Service ${namespace}/${name}` }
}

function resolve(
  { name, port: asked, service: key }: BackendReference,
  { service, slices }: ResolvedService,
): ResolvedBackend {
  const { name: serviceName, namespace } = keyParts(key)
  const label = `Service ${namespace}/${serviceName}`
  if (service.spec.type === 'ExternalName') {
    const message = `${label} is a name for something elsewhere (ExternalName): it has no endpoints that requests could be led to`
    return { backend: { name, endpoints: [] }, problem: { reason: 'PortNotFound', message } }
  }
  const port = portOf(service.spec.ports ?? [], asked)
  if (port === undefined) {
    const text = typeof asked === 'number' ? `port ${asked}` : `port named ${JSON.stringify(asked)}`
    const message = `${label} has no TCP ${text}`
    return { backend: { name, endpoints: [] }, problem: { reason: 'PortNotFound', message } }
  }
  // One address of each pod: with both families it stands in two slices.
  const four = endpointsOf(slices, port, 'ip')
  const used = four.length > 0 ? four : endpointsOf(slices, port, 'ip6')
  return {
    backend: { name, endpoints: used.map(({ address, port: target }) => ({ address, port: target })) },
  }
}

function portOf(ports: readonly ServicePort[], asked: number | string): ServicePort | undefined {
  return ports.find(
    ({ name, port, protocol = 'TCP' }) =>
      protocol === 'TCP' && (typeof asked === 'number' ? port === asked : name === asked),
  )
}
