import ipaddr from 'ipaddr.js'

/** A range of addresses of one family. */
export interface IpRange {
  readonly family: 'IPv4' | 'IPv6'
  /** As it was written. */
  readonly text: string
  readonly prefix: number
  /** How many addresses it has; more than 2^30 count as that many. */
  readonly size: number
  readonly first: bigint
}

const SIZE_MAX = 2 ** 30

/** Undefined: no range. Bits beyond the prefix are cleared. */
export function ipRange(text: string): IpRange | undefined {
  const [, address = '', length] = /^(.+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  if (!isIp(address)) return undefined
  const bytes = ipaddr.parse(address).toByteArray()
  const prefix = Number(length)
  if (prefix > bytes.length * 8) return undefined
  const hostBits = bytes.length * 8 - prefix
  const size = hostBits >= 30 ? SIZE_MAX : 2 ** hostBits
  const whole = numberOf(bytes)
  const first = (whole >> BigInt(hostBits)) << BigInt(hostBits)
  return { family: bytes.length === 4 ? 'IPv4' : 'IPv6', text, prefix, size, first }
}

/** `10.96.0.0/16,fd00:96::/108`: one range, or one of each family, as Kubernetes' flags have them. What is no range is left out. */
export function ipRanges(text: string): readonly IpRange[] {
  return text.split(',').flatMap((one) => ipRange(one.trim()) ?? [])
}

/** `10.244.0.0/16`: the one way to write a range. */
export function rangeText(range: IpRange): string {
  return `${addressAt(range, 0)}/${range.prefix}`
}

/** Whether the two have an address in common. */
export function overlap(a: IpRange, b: IpRange): boolean {
  if (a.family !== b.family) return false
  const bits = BigInt((a.family === 'IPv4' ? 32 : 128) - Math.min(a.prefix, b.prefix))
  return a.first >> bits === b.first >> bits
}

/** The one at a place in the range, from 0. */
export function addressAt({ family, first }: IpRange, index: number): string {
  const bytes = bytesOf(first + BigInt(index), family === 'IPv4' ? 4 : 16)
  return ipaddr.fromByteArray([...bytes]).toString()
}

/** Its place in the range, from 0; undefined where it is none, or is not in it. */
export function placeInRange(range: IpRange, address: string): number | undefined {
  if (!isIp(address)) return undefined
  const bytes = ipaddr.parse(address).toByteArray()
  if ((bytes.length === 4 ? 'IPv4' : 'IPv6') !== range.family) return undefined
  const place = numberOf(bytes) - range.first
  return place >= 0n && place < BigInt(range.size) ? Number(place) : undefined
}

/** The one way to write an address, so that two can be compared; undefined: it is none. */
export function canonicalIp(address: string): string | undefined {
  return isIp(address) ? ipaddr.parse(address).toString() : undefined
}

/** As Kubernetes reads one: no part is left out or begins with a zero, and no zone follows. */
function isIp(text: string): boolean {
  if (!text.includes(':')) return ipaddr.IPv4.isValidFourPartDecimal(text)
  return !text.includes('%') && ipaddr.IPv6.isValid(text)
}

/** Of an address that is one. */
export function ipFamily(address: string): IpRange['family'] {
  return address.includes(':') ? 'IPv6' : 'IPv4'
}

/** One that stands for no machine of its own: unspecified, loopback, link-local or multicast. */
export function isSpecialIp(address: string): boolean {
  return SPECIAL.has(ipaddr.parse(address).range())
}

const SPECIAL: ReadonlySet<string> = new Set([
  'unspecified',
  'loopback',
  'linkLocal',
  'multicast',
  'broadcast',
])

function numberOf(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
}

function bytesOf(number: bigint, length: number): readonly number[] {
  return Array.from({ length }, (_, index) => Number((number >> BigInt(8 * (length - 1 - index))) & 255n))
}
