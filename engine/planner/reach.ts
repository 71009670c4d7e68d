import type { IngressConfig } from '../api/ingress.ts'
import type { NodeName } from '../api/names.ts'
import type { ResolvedService } from '../api/services.ts'
import type { Observed } from '../api/snapshot.ts'
import type { DnsRecord, DnsZone, Frontend, NodeTraffic } from '../api/traffic.ts'
import type { ServicesPlan } from './services/services.ts'

/** Where a node is apart, Services and names lead to its pods on it alone, and on it to no other node's. With no such node all is as it was. */
export function withinReach(services: ServicesPlan, { nodes }: Observed): ServicesPlan {
  const apart = new Set(
    [...nodes.values()].flatMap(({ info, name }) => (info?.isApart === true ? [name] : [])),
  )
  if (apart.size === 0 || nodes.size < 2 || services.traffic === undefined) return services
  const homes = homesOf(services.services)
  const traffic = [...services.traffic].map(([name, all]): [NodeName, NodeTraffic] => {
    const far = homes.filter(({ node }) => node !== name && (apart.has(name) || apart.has(node)))
    return [name, far.length === 0 ? all : without(all, new Far(far.map(({ address }) => address)))]
  })
  return { ...services, traffic: new Map(traffic) }
}

interface Home {
  readonly address: string
  readonly node: NodeName
}

/** Of pods; what is on no node is reached from everywhere or nowhere. */
function homesOf(services: readonly ResolvedService[]): readonly Home[] {
  const found = new Map<string, NodeName>()
  for (const { slices } of services)
    for (const { endpoints = [] } of slices)
      for (const { addresses, nodeName } of endpoints)
        if (nodeName !== undefined) for (const address of addresses) found.set(address, nodeName as NodeName)
  return [...found].map(([address, node]) => ({ address, node }))
}

/** Addresses that are out of reach. */
class Far {
  readonly #addresses: ReadonlySet<string>
  /** Two of the same text are the same. */
  readonly text: string

  constructor(addresses: readonly string[]) {
    this.#addresses = new Set(addresses)
    this.text = addresses.toSorted().join()
  }

  has({ address }: { readonly address: string }): boolean {
    return this.#addresses.has(address)
  }
}

function without(traffic: NodeTraffic, far: Far): NodeTraffic {
  return once(traffic, far, () => ({
    ...traffic,
    frontends: once(traffic.frontends, far, () => traffic.frontends.map((one) => frontendWithout(one, far))),
    dns: once(traffic.dns, far, () => zoneWithout(traffic.dns, far)),
    ...(traffic.ingress !== undefined && { ingress: ingressWithout(traffic.ingress, far) }),
  }))
}

function frontendWithout(frontend: Frontend, far: Far): Frontend {
  if (!frontend.endpoints.some((endpoint) => far.has(endpoint))) return frontend
  return once(frontend, far, () => ({
    ...frontend,
    endpoints: frontend.endpoints.filter((endpoint) => !far.has(endpoint)),
  }))
}

function ingressWithout(ingress: IngressConfig, far: Far): IngressConfig {
  return once(ingress, far, () => ({
    ...ingress,
    backends: ingress.backends.map((backend) => ({
      ...backend,
      endpoints: backend.endpoints.filter((endpoint) => !far.has(endpoint)),
    })),
  }))
}

function zoneWithout(zone: DnsZone, far: Far): DnsZone {
  const records = [...zone.records].flatMap(([name, all]): [string, readonly DnsRecord[]][] => {
    if (!all.some((record) => isFar(record, far))) return [[name, all]]
    const near = once(all, far, () => all.filter((record) => !isFar(record, far)))
    return near.length === 0 ? [] : [[name, near]]
  })
  return { ...zone, records: new Map(records) }
}

function isFar(record: DnsRecord, far: Far): boolean {
  return (record.type === 'A' || record.type === 'AAAA') && far.has(record)
}

const made = new WeakMap<object, Map<string, unknown>>()

/** Nodes share what they are told: each that is apart leaves out others of it. More than so many are what was left out before. */
const KEPT_MAX = 64

/** The very same as long as both are: what is told to nodes is compared so. */
function once<K extends object>(key: K, { text }: Far, make: () => K): K {
  const known = made.getOrInsertComputed(key, () => new Map<string, unknown>())
  // What was made of this very object before, which is of its type.
  if (known.has(text)) return known.get(text) as K
  const value = make()
  if (known.size === KEPT_MAX) known.clear()
  known.set(text, value)
  return value
}
