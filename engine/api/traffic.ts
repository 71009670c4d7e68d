import type { IngressConfig } from './ingress.ts'
import type { ObjectKey } from './names.ts'
import type { PodNetwork } from './podNetwork.ts'

/**
 * All that one node answers for Services, names and Ingresses: plain data, sorted. As long as nothing of it changes it is the very same
 * object in each plan, and so is each part that did not change while another did.
 */
export interface NodeTraffic {
  /** Of all Services, by their keys. What two ask for is the first one's. */
  readonly frontends: readonly Frontend[]
  /** Where Services have their addresses: one range of each family at the most. */
  readonly serviceRanges: readonly string[]
  readonly dns: DnsZone
  /** Absent: no proxy runs on this node. */
  readonly ingress?: IngressConfig
  /** Absent: there is no other node. `unknown`: what leads to others stays as it is, for nobody has asked this node yet where it is. */
  readonly network?: PodNetwork | 'unknown'
}

/** What a node answers where nothing asks for anything. */
export const NO_TRAFFIC: NodeTraffic = {
  frontends: [],
  serviceRanges: [],
  dns: { domain: 'cluster.local', servers: [], records: new Map() },
}

/** Something that a node cannot answer as it was asked to; all else it does. */
export interface TrafficProblem {
  /** Absent: all that the node was to answer is concerned. */
  readonly service?: ObjectKey
  /** For a condition: `PortInUse`, `NetworkNotReady`. */
  readonly reason: string
  /** A sentence for people. */
  readonly message: string
}

export type Family = 'ip' | 'ip6'

export function familyOf(address: string): Family {
  return address.includes(':') ? 'ip6' : 'ip'
}

export type Protocol = 'tcp' | 'udp' | 'sctp'

/** A port at one address, or at all of the node's own, and what answers there. */
export interface Frontend {
  readonly service: ObjectKey
  readonly family: Family
  /** Absent: every address of the node itself, but loopback. */
  readonly address?: string
  readonly protocol: Protocol
  readonly port: number
  /** In order. */
  readonly endpoints: readonly Endpoint[]
  /** Where there are none: whether a client is told, or left waiting, as Kubernetes does where other nodes have some. */
  readonly whenEmpty: 'refuse' | 'drop'
  /** One client stays on one endpoint for so long after its last connection. */
  readonly stickySeconds?: number
  /** Whether traffic that leaves for another node gets this node's address, so that the answers come back here. */
  readonly masquerade: boolean
}

/** What it answers for: no two do. */
export function frontendKey(address: string | undefined, protocol: Protocol, port: number): string {
  return `${address ?? ''} ${protocol} ${port}`
}

export interface Endpoint {
  readonly address: string
  readonly port: number
  /** Its pod is on this node. */
  readonly local: boolean
}

/** The names that the DNS server of each node knows. Everything else is asked of the node's own resolvers. */
export interface DnsZone {
  /** `cluster.local` */
  readonly domain: string
  /** Where pods ask: one address of each family of the service ranges, the first range's first. */
  readonly servers: readonly string[]
  /**
   * By name, in lower case and without the last dot, those of the reverse tree (`10.1.96.10.in-addr.arpa`) included. The records of a
   * name are the same array as long as they are the same.
   */
  readonly records: ReadonlyMap<string, readonly DnsRecord[]>
}

export type DnsRecord = AddressRecord | ServerRecord | NameRecord

interface OfDns {
  readonly ttlSeconds: number
}

export interface AddressRecord extends OfDns {
  readonly type: 'A' | 'AAAA'
  readonly address: string
}

/** SRV: the port of a name. */
export interface ServerRecord extends OfDns {
  readonly type: 'SRV'
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly target: string
}

export interface NameRecord extends OfDns {
  readonly type: 'CNAME' | 'PTR'
  readonly target: string
}
