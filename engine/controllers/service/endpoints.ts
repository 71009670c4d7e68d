import type { Endpoint, EndpointPort, EndpointSlice, PodSpec, Service } from '../../api/generated/types.ts'
import { ipFamily } from '../../api/ipRanges.ts'
import { keyParts, nameHash } from '../../api/names.ts'
import { SERVICE_NAME } from '../../api/services.ts'
import { targetPort } from '../../api/targetPorts.ts'
import type { PodView } from '../view.ts'

const ENDPOINTS_PER_SLICE_MAX = 100

const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'

/**
 * The pods that a Service's selector matches, as pkg/controller/endpointslice writes them: those that have an address and have not run to
 * their end; of the families that the Service has; the ports of each, where they have names that pods give different numbers; a hundred at most in one object.
 */
export function endpointSlices(
  service: Service,
  families: readonly Group['addressType'][],
  pods: readonly PodView[],
): readonly PodSlice[] {
  const groups = new Map<string, Group>()
  for (const pod of pods) {
    if (pod.finished) continue
    const ports = portsOf(service, pod.record.pod.spec)
    for (const address of addressesOf(pod)) {
      const addressType = ipFamily(address)
      if (!families.includes(addressType)) continue
      const key = `${addressType} ${JSON.stringify(ports)}`
      const group = groups.getOrInsertComputed(key, () => ({ addressType, ports, endpoints: [] }))
      group.endpoints.push(endpointOf(service, pod, address))
    }
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, group]) => slicesOf(service, key, group))
}

interface Group {
  readonly addressType: 'IPv4' | 'IPv6'
  readonly ports: readonly EndpointPort[]
  readonly endpoints: PodEndpoint[]
}

/** As the engine makes them of pods: with all that a manifest may leave out. */
export interface PodSlice extends EndpointSlice {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
  }
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly PodEndpoint[]
}

interface PodEndpoint extends Endpoint {
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean }
  readonly nodeName: string
  readonly targetRef: {
    readonly kind: 'Pod'
    readonly namespace: string
    readonly name: string
    readonly uid: string
  }
}

function slicesOf({ metadata }: Service, key: string, group: Group): readonly PodSlice[] {
  const { name, namespace = 'default' } = metadata
  const endpoints = group.endpoints.toSorted((a, b) => (a.targetRef.name < b.targetRef.name ? -1 : 1))
  const slices: PodSlice[] = []
  for (let from = 0; from < endpoints.length; from += ENDPOINTS_PER_SLICE_MAX) {
    slices.push({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${nameHash(5, key, String(from))}`,
        namespace,
        labels: { ...metadata.labels, [SERVICE_NAME]: name, [MANAGED_BY]: 'reconcile' },
      },
      addressType: group.addressType,
      ports: group.ports,
      endpoints: endpoints.slice(from, from + ENDPOINTS_PER_SLICE_MAX),
    })
  }
  return slices
}

/** Of a headless Service without ports too: each pod's address is a record. */
function portsOf({ spec }: Service, pod: PodSpec): readonly EndpointPort[] {
  return (spec.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod)
    if (number === undefined) return []
    const { appProtocol, name = '', protocol = 'TCP' } = port
    return [{ name, protocol, port: number, ...(appProtocol !== undefined && { appProtocol }) }]
  })
}

function addressesOf({ status }: PodView): readonly string[] {
  const all = [status.podIP ?? '', ...(status.podIPs ?? []).map(({ ip = '' }) => ip)]
  return [...new Set(all.filter((address) => address !== ''))]
}

function endpointOf({ metadata, spec }: Service, pod: PodView, address: string): PodEndpoint {
  const { namespace, name } = keyParts(pod.key)
  const { hostname, subdomain } = pod.record.pod.spec
  const { serving } = pod
  return {
    addresses: [address],
    conditions: {
      ready: spec.publishNotReadyAddresses === true || (serving && !pod.deleting),
      serving,
      terminating: pod.deleting,
    },
    ...(hostname !== undefined && subdomain === metadata.name && { hostname }),
    nodeName: pod.node,
    targetRef: { kind: 'Pod', namespace, name, uid: pod.uid },
  }
}
