import type { Service, ServicePort } from '../api/generated/types.ts'
import { type NodeName, objectKey } from '../api/names.ts'
import { type Endpoint, type Family, familyOf, type Frontend, type Protocol } from '../api/traffic.ts'

/** What an EndpointSlice says, as far as traffic needs it. */
export interface Slice {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN'
  readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port?: number }[]
  readonly endpoints?: readonly SliceEndpoint[]
}

export interface SliceEndpoint {
  readonly addresses: readonly string[]
  readonly conditions?: {
    readonly ready?: boolean
    readonly serving?: boolean
    readonly terminating?: boolean
  }
  readonly nodeName?: string
}

/** As the API server defaults it. */
const STICKY_SECONDS = 10_800

/** All that a node answers for one Service. `addresses`: those of the node, which stand for a load balancer. */
export function frontendsOf(
  service: Service,
  slices: readonly Slice[],
  node: { readonly name: NodeName; readonly loadBalancerAddresses: readonly string[] },
): readonly Frontend[] {
  const { spec } = service
  const addresses = clusterAddresses(service)
  if (spec.type === 'ExternalName' || addresses.length === 0) return []
  return (spec.ports ?? []).flatMap((port) =>
    addresses.flatMap((address) => {
      const family = familyOf(address)
      const candidates = candidatesOf(slices, port, family, node.name)
      const common = { ...commonOf(service, port), family }
      const inside = chosen(candidates, spec.internalTrafficPolicy === 'Local')
      const outside = chosen(candidates, spec.externalTrafficPolicy === 'Local')
      const masquerade = spec.externalTrafficPolicy !== 'Local'
      const further = [
        ...(spec.externalIPs ?? []),
        ...(spec.type === 'LoadBalancer' ? node.loadBalancerAddresses : []),
      ].filter((one) => familyOf(one) === family)
      return [
        { ...common, address, port: port.port, ...inside, masquerade: false },
        ...further.map((one) => ({ ...common, address: one, port: port.port, ...outside, masquerade })),
        ...(port.nodePort === undefined ? [] : [{ ...common, port: port.nodePort, ...outside, masquerade }]),
      ]
    }),
  )
}

/** Its own; none of a headless one, and none that has not been given any yet. */
export function clusterAddresses({ spec }: Service): readonly string[] {
  const all = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP])
  return all.filter((address) => address !== '' && address !== 'None')
}

function commonOf({ metadata, spec }: Service, { protocol = 'TCP' }: ServicePort) {
  const { clientIP } = spec.sessionAffinityConfig ?? {}
  return {
    service: objectKey('Service', metadata.namespace ?? 'default', metadata.name),
    protocol: protocolOf(protocol),
    ...(spec.sessionAffinity === 'ClientIP' && {
      stickySeconds: clientIP?.timeoutSeconds ?? STICKY_SECONDS,
    }),
  }
}

function protocolOf(protocol: 'TCP' | 'UDP' | 'SCTP'): Protocol {
  switch (protocol) {
    case 'TCP':
      return 'tcp'
    case 'UDP':
      return 'udp'
    case 'SCTP':
      return 'sctp'
    default:
      return protocol satisfies never
  }
}

interface Candidate extends Endpoint {
  readonly ready: boolean
  /** It is about to end and answers still. */
  readonly lastResort: boolean
}

/** What answers for a port, whatever node it is on. */
export function endpointsOf(
  slices: readonly Slice[],
  port: ServicePort,
  family: Family,
): Frontend['endpoints'] {
  return chosen(candidatesOf(slices, port, family, undefined), false).endpoints
}

/** A port of a slice is the Service's port of that name; both may have none. */
function candidatesOf(
  slices: readonly Slice[],
  { name = '', protocol = 'TCP' }: ServicePort,
  family: Family,
  node: NodeName | undefined,
): readonly Candidate[] {
  const found = new Map<string, Candidate>()
  for (const { addressType, endpoints = [], ports = [] } of slices) {
    if (addressType !== (family === 'ip6' ? 'IPv6' : 'IPv4')) continue
    const port = ports.find((one) => (one.name ?? '') === name && (one.protocol ?? 'TCP') === protocol)?.port
    if (port === undefined) continue
    for (const { addresses, conditions = {}, nodeName } of endpoints) {
      // Any address of an endpoint is as good as the others; Kubernetes takes the first.
      const [address] = addresses
      if (address === undefined) continue
      const { ready = true, serving = ready, terminating = false } = conditions
      const lastResort = serving && terminating
      if (!ready && !lastResort) continue
      found.set(`${address} ${port}`, { address, port, local: nodeName === node, ready, lastResort })
    }
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

/** The ready ones; where there are none, those that are about to end, as kube-proxy does. */
function chosen(
  candidates: readonly Candidate[],
  isLocalOnly: boolean,
): Pick<Frontend, 'endpoints' | 'whenEmpty'> {
  const near = isLocalOnly ? candidates.filter(({ local }) => local) : candidates
  const ready = near.filter((one) => one.ready)
  const used = ready.length > 0 ? ready : near.filter(({ lastResort }) => lastResort)
  return {
    endpoints: used.map(({ address, local, port }) => ({ address, port, local })),
    whenEmpty: candidates.length > 0 ? 'drop' : 'refuse',
  }
}
