import { ipRange } from '../../../api/ipRanges.ts'
import type { Transport } from '../../../transport/transport.ts'

/** `rc-1a2b3c4d 10.96.0.0/16`: what the kernel has a route for, and by which link. Read without a process. */
export async function kernelRoutes(transport: Transport): Promise<ReadonlySet<string>> {
  const [FOUR, SIX] = ['/proc/net/route', '/proc/net/ipv6_route'] as const
  const files = await transport.readFiles([FOUR, SIX])
  return new Set([...parseRoutes4(files.get(FOUR) ?? ''), ...parseRoutes6(files.get(SIX) ?? '')])
}

export function routeKey(device: string, range: string): string {
  const parsed = ipRange(range)
  if (parsed === undefined) throw new Error(`looking for the route to ${range}: it is no range of addresses`)
  return `${device} ${parsed.first}/${parsed.prefix}`
}

/** proc(5): addresses in hexadecimal, as a little-endian machine has them in memory. */
export function parseRoutes4(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', destination = '', , , , , , mask = ''] = line.trim().split(/\s+/)
    if (!/^[0-9A-F]{8}$/.test(destination) || !/^[0-9A-F]{8}$/.test(mask)) return []
    return [`${device} ${BigInt(`0x${reversed(destination)}`)}/${ones(mask)}`]
  })
}

export function parseRoutes6(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [destination = '', prefix = ''] = fields
    if (!/^[0-9a-f]{32}$/.test(destination)) return []
    return [`${fields.at(-1) ?? ''} ${BigInt(`0x${destination}`)}/${Number.parseInt(prefix, 16)}`]
  })
}

function reversed(hex: string): string {
  return (hex.match(/../g) ?? []).toReversed().join('')
}

function ones(hex: string): number {
  return [...Number.parseInt(hex, 16).toString(2)].filter((bit) => bit === '1').length
}
