import ipaddr from 'ipaddr.js'
import { type IpRange, ipRange } from './ipRanges.ts'

/** The name below which all names of the cluster are. */
export const CLUSTER_DOMAIN = 'cluster.local'

/** `10.1.96.10.in-addr.arpa`: under which name an address leads to its name. Undefined: it is no address. */
export function reverseName(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return undefined
  const bytes = ipaddr.parse(address).toByteArray()
  return treeName(bytes.length === 4 ? bytes.map(String) : nibblesOf(bytes), bytes.length === 4)
}

/**
 * The names below which the addresses of a range are: the least that cover it, for a zone begins at a whole part of an address. In IPv4 none is
 * smaller than that of 256 addresses, as people keep them. Empty: it is no range.
 */
export function reverseZones(cidr: string): readonly string[] {
  const range = ipRange(cidr)
  if (range === undefined) return []
  const isV4 = range.family === 'IPv4'
  const bitsAPart = isV4 ? 8 : 4
  const parts = Math.min(Math.ceil(range.prefix / bitsAPart), isV4 ? 3 : 32)
  const bits = parts * bitsAPart
  const count = 2 ** Math.max(0, bits - range.prefix)
  return Array.from({ length: count }, (_, index) => zoneAt(range, parts, bits, index))
}

function zoneAt({ family, first }: IpRange, parts: number, bits: number, index: number): string {
  const isV4 = family === 'IPv4'
  const width = isV4 ? 32 : 128
  const number = first + (BigInt(index) << BigInt(width - bits))
  const bytes = Array.from({ length: width / 8 }, (_, at) =>
    Number((number >> BigInt(width - 8 * (at + 1))) & 255n),
  )
  return treeName((isV4 ? bytes.map(String) : nibblesOf(bytes)).slice(0, parts), isV4)
}

function treeName(parts: readonly string[], isV4: boolean): string {
  return [...parts.toReversed(), isV4 ? 'in-addr' : 'ip6', 'arpa'].join('.')
}

function nibblesOf(bytes: readonly number[]): readonly string[] {
  return bytes.flatMap((byte) => [...byte.toString(16).padStart(2, '0')])
}
