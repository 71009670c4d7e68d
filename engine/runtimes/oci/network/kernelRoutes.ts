import { canonicalIp, ipRange, rangeText } from '../../../api/ipRanges.ts'
import type { Transport } from '../../../transport/transport.ts'

export interface KernelRoute {
  readonly device: string
  /** `10.96.0.0/16` */
  readonly range: string
  /** The next hop; absent: whoever it is for is on the link itself. */
  readonly via?: string
}

/** `rc-1a2b3c4d 10.96.0.0/16`: what the kernel has a route for, and by which link. */
export async function kernelRoutes(transport: Transport): Promise<ReadonlySet<string>> {
  return new Set((await kernelRouteList(transport)).map(({ device, range }) => `${device} ${range}`))
}

/** Of both families. Read without a process. */
export async function kernelRouteList(transport: Transport): Promise<readonly KernelRoute[]> {
  const [FOUR, SIX] = ['/proc/net/route', '/proc/net/ipv6_route'] as const
  const files = await transport.readFiles([FOUR, SIX])
  return [...parseRoutes4(files.get(FOUR) ?? ''), ...parseRoutes6(files.get(SIX) ?? '')]
}

export function routeKey(device: string, range: string): string {
  const parsed = ipRange(range)
  if (parsed === undefined) throw new Error(`looking for the route to ${range}: it is no range of addresses`)
  return `${device} ${rangeText(parsed)}`
}

/** proc(5): addresses in hexadecimal, as a little-endian machine has them in memory. */
export function parseRoutes4(text: string): readonly KernelRoute[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', destination = '', gateway = '', , , , , mask = ''] = line.trim().split(/\s+/)
    if (![destination, gateway, mask].every((word) => /^[0-9A-F]{8}$/.test(word))) return []
    const via = address4(gateway)
    return [{ device, range: `${address4(destination)}/${ones(mask)}`, ...(via !== '0.0.0.0' && { via }) }]
  })
}

export function parseRoutes6(text: string): readonly KernelRoute[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [destination = '', prefix = '', , , gateway = ''] = fields
    if (![destination, gateway].every((word) => /^[0-9a-f]{32}$/.test(word))) return []
    const via = address6(gateway)
    const range = `${address6(destination)}/${Number.parseInt(prefix, 16)}`
    return [{ device: fields.at(-1) ?? '', range, ...(via !== '::' && { via }) }]
  })
}

function address4(hex: string): string {
  return bytePairs(hex)
    .toReversed()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.')
}

function address6(hex: string): string {
  const text = (hex.match(/.{4}/g) ?? []).join(':')
  return canonicalIp(text) ?? text
}

function bytePairs(hex: string): readonly string[] {
  return hex.match(/../g) ?? []
}

function ones(hex: string): number {
  return [...Number.parseInt(hex, 16).toString(2)].filter((bit) => bit === '1').length
}
