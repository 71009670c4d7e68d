import type { Service, ServicePort } from '../../api/generated/types.ts'
import { addressAt, canonicalIp, type IpRange, placeInRange } from '../../api/ipRanges.ts'
import { type ObjectKey, unitHash } from '../../api/names.ts'
import { dnsAddress } from '../../api/serviceRanges.ts'

/** What a Service was given beside what its manifest says. */
export interface Allocation {
  /** In its order: those that its addresses and endpoints are of. */
  readonly families: readonly IpRange['family'][]
  /** One for each family that it has; empty for headless Services and those that stand for a name. */
  readonly clusterIPs: readonly string[]
  /** By the port's place among the ports. */
  readonly nodePorts: ReadonlyMap<number, number>
  /** Why something of it could not be given, in Kubernetes' words; what else it has is given all the same. */
  readonly problems: readonly string[]
}

export interface ServiceClaim {
  readonly key: ObjectKey
  /** With defaults. */
  readonly service: Service
  /** As recorded: what it had before stays its own. */
  readonly before: Pick<Allocation, 'clusterIPs'> & { readonly nodePorts: ReadonlyMap<string, number> }
}

export interface Pools {
  /** At most one of each family; the first is that of Services which name none. */
  readonly ranges: readonly IpRange[]
  readonly nodePorts: { readonly first: number; readonly last: number }
}

/** Kubernetes keeps the lower end of a range for addresses that people choose: 16 at least, 256 at most, a sixteenth of it. */
function reserved(size: number): number {
  return Math.min(Math.max(16, Math.floor(size / 16)), 256)
}

/**
 * Addresses and ports for all Services at once: first what manifests ask for, then what each had before, then something new. What is new
 * follows from the Service's name, so that the same Services get the same addresses wherever they begin.
 */
export function allocate(claims: readonly ServiceClaim[], pools: Pools): ReadonlyMap<ObjectKey, Allocation> {
  const book = new Book(pools)
  for (const claim of claims) book.takeWritten(claim)
  for (const claim of claims) book.takeRecorded(claim)
  return new Map(claims.map((claim) => [claim.key, book.complete(claim)]))
}

/** How a port is recorded: by its number and protocol, which no other port of the Service has. */
export function portKey({ port, protocol = 'TCP' }: ServicePort): string {
  return `${protocol} ${port}`
}

class Book {
  readonly #pools: Pools
  readonly #addresses = new Map<string, ObjectKey>()
  readonly #nodePorts = new Map<string, ObjectKey>()
  readonly #problems = new Map<ObjectKey, string[]>()

  constructor(pools: Pools) {
    this.#pools = pools
    for (const range of pools.ranges) {
      const address = dnsAddress(range)
      if (address !== undefined) this.#addresses.set(address, DNS_SERVER)
    }
  }

  takeWritten({ key, service }: ServiceClaim): void {
    for (const address of writtenAddresses(service)) {
      if (this.#rangeOf(address) === undefined) {
        const ranges = this.#pools.ranges.map(({ text }) => text).join(', ')
        this.#problem(
          key,
          `failed to allocate IP ${address}: the provided IP is not in the valid range ${ranges}`,
        )
      } else if (!take(this.#addresses, address, key)) {
        const by = this.#addresses.get(address)
        this.#problem(key, `failed to allocate IP ${address}: provided IP is already allocated${byWhom(by)}`)
      }
    }
    for (const port of service.spec.ports ?? []) {
      const { nodePort = 0, protocol = 'TCP' } = port
      if (nodePort !== 0 && !take(this.#nodePorts, `${protocol} ${nodePort}`, key)) {
        const by = this.#nodePorts.get(`${protocol} ${nodePort}`)
        this.#problem(key, `nodePort ${nodePort}: provided port is already allocated${byWhom(by)}`)
      }
    }
  }

  takeRecorded({ before, key, service }: ServiceClaim): void {
    for (const address of before.clusterIPs)
      if (this.#rangeOf(address) !== undefined && wantsAddress(service)) take(this.#addresses, address, key)
    for (const port of service.spec.ports ?? []) {
      const recorded = before.nodePorts.get(portKey(port))
      if (recorded !== undefined && wantsNodePort(service, port))
        take(this.#nodePorts, `${port.protocol ?? 'TCP'} ${recorded}`, key)
    }
  }

  complete(claim: ServiceClaim): Allocation {
    const { key, service } = claim
    // Not another one than was asked for: whoever wrote it down relies on it.
    const isRefused = writtenAddresses(service).some((address) => this.#addresses.get(address) !== key)
    const ranges = rangesOf(service, this.#pools.ranges)
    const clusterIPs =
      wantsAddress(service) && !isRefused ? ranges.flatMap((range) => this.#address(claim, range) ?? []) : []
    const nodePorts = new Map<number, number>()
    for (const [index, port] of (service.spec.ports ?? []).entries()) {
      const given = this.#nodePort(claim, port)
      if (given !== undefined) nodePorts.set(index, given)
    }
    const families = ranges.map(({ family }) => family)
    return { families, clusterIPs, nodePorts, problems: this.#problems.get(key) ?? [] }
  }

  /** What it asks for, what it had, or the first free one from a place that its name chooses. */
  #address({ before, key, service }: ServiceClaim, range: IpRange): string | undefined {
    const asked = writtenAddresses(service).find((one) => placeInRange(range, one) !== undefined)
    if (asked !== undefined) return this.#addresses.get(asked) === key ? asked : undefined
    const had = before.clusterIPs.find(
      (one) => placeInRange(range, one) !== undefined && this.#addresses.get(one) === key,
    )
    if (had !== undefined) return had
    // neither the network's own address nor, of IPv4, that of all machines
    const from = Math.min(reserved(range.size), range.size - 2)
    const room = range.size - from - 1
    const start = Math.floor(unitHash('service address', key, range.text) * room)
    for (let tried = 0; tried < room; tried += 1) {
      const address = addressAt(range, from + ((start + tried) % room))
      if (take(this.#addresses, address, key)) return address
    }
    this.#problem(key, `failed to allocate a serviceIP: range ${range.text} is full`)
    return undefined
  }

  #nodePort({ before, key, service }: ServiceClaim, port: ServicePort): number | undefined {
    const { nodePort: asked = 0, protocol = 'TCP' } = port
    if (!wantsNodePort(service, port)) return undefined
    const isOurs = (number: number): boolean => this.#nodePorts.get(`${protocol} ${number}`) === key
    if (asked !== 0) return isOurs(asked) ? asked : undefined
    const had = before.nodePorts.get(portKey(port))
    if (had !== undefined && isOurs(had)) return had
    const { first, last } = this.#pools.nodePorts
    const room = last - first + 1
    const start = Math.floor(unitHash('node port', key, portKey(port)) * room)
    for (let tried = 0; tried < room; tried += 1) {
      const number = first + ((start + tried) % room)
      if (take(this.#nodePorts, `${protocol} ${number}`, key)) return number
    }
    this.#problem(key, `failed to allocate a nodePort: range ${first}-${last} is full`)
    return undefined
  }

  #rangeOf(address: string): IpRange | undefined {
    return this.#pools.ranges.find((range) => placeInRange(range, address) !== undefined)
  }

  #problem(key: ObjectKey, message: string): void {
    this.#problems.set(key, [...(this.#problems.get(key) ?? []), message])
  }
}

const DNS_SERVER = 'the DNS server' as ObjectKey

/** False: another one has it. */
function take(taken: Map<string, ObjectKey>, what: string, key: ObjectKey): boolean {
  return taken.getOrInsertComputed(what, () => key) === key
}

function byWhom(holder: ObjectKey | undefined): string {
  return holder === undefined ? '' : ` (${holder === DNS_SERVER ? holder : holder.replace('/', ' ')} has it)`
}

function wantsAddress({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && spec.clusterIP !== 'None'
}

function wantsNodePort({ spec }: Service, { nodePort = 0 }: ServicePort): boolean {
  if (spec.type === 'NodePort') return true
  return spec.type === 'LoadBalancer' && (nodePort !== 0 || spec.allocateLoadBalancerNodePorts !== false)
}

/** Most name none. */
function writtenAddresses({ spec }: Service): readonly string[] {
  const { clusterIP = '', clusterIPs = [] } = spec
  if (clusterIP === '' && clusterIPs.length === 0) return NONE
  return [...new Set([clusterIP, ...clusterIPs].flatMap((one) => canonicalIp(one) ?? []))]
}

const NONE: readonly string[] = []

/** Those that it names, in its order; without any, the first one, or both where it takes what there is. */
function rangesOf({ spec }: Service, ranges: readonly IpRange[]): readonly IpRange[] {
  const named = (spec.ipFamilies ?? []).flatMap((family) => ranges.filter((range) => range.family === family))
  const rest = ranges.filter((range) => !named.includes(range))
  const ordered = [...named, ...rest]
  const isSingle = (spec.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack'
  return isSingle ? ordered.slice(0, Math.max(1, named.length)) : ordered
}
