import type { Cluster } from './generated/types.ts'
import { addressAt, type IpRange, ipRanges } from './ipRanges.ts'

/** Of an API server whose --service-node-port-range nobody has set. */
export const NODE_PORTS = { first: 30_000, last: 32_767 } as const

/** The address that clusters give their DNS server by custom: kept for ours. */
const DNS_PLACE = 10

/** Where the Cluster names none. */
export const SERVICE_CIDR = '10.96.0.0/16'

/** One, or one of each family. */
export function serviceRanges({ spec }: Cluster): readonly IpRange[] {
  return ipRanges(spec?.serviceCIDR ?? SERVICE_CIDR)
}

/** Where the DNS server answers in a range; undefined: the range is too small. */
export function dnsAddress(range: IpRange): string | undefined {
  return range.size > DNS_PLACE ? addressAt(range, DNS_PLACE) : undefined
}
