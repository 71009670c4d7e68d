import { addressAt, ipRanges } from './ipRanges.ts'

/** As Kubernetes gives them out: 254 pods of IPv4, and as many as one likes of IPv6. */
const NODE_PREFIX = { IPv4: 24, IPv6: 64 } as const

/** The part of the pods' range that a node has whose place among the nodes is this; undefined: there is none left. */
export function nodeRange(podCIDR: string, place: number): string | undefined {
  const parts = ipRanges(podCIDR).map((range) => {
    const prefix = Math.max(NODE_PREFIX[range.family], range.prefix)
    if (place >= 2 ** (prefix - range.prefix)) return undefined
    const bits = range.family === 'IPv4' ? 32 : 128
    return `${addressAt(range, place * 2 ** (bits - prefix))}/${prefix}`
  })
  return parts.includes(undefined) ? undefined : parts.join(',')
}
