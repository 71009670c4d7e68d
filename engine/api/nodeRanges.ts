import { addressAt, type IpRange, ipRange, ipRanges, placeInRange } from './ipRanges.ts'

/** As Kubernetes gives them out: 254 pods of IPv4, and as many as one likes of IPv6. */
const NODE_PREFIX = { IPv4: 24, IPv6: 64 } as const

/** The part of the pods' range that a node has whose place among the nodes is this; undefined: there is none left. */
export function nodeRange(podCIDR: string, place: number): string | undefined {
  const parts = ipRanges(podCIDR).map((range) => {
    const prefix = nodePrefix(range)
    if (place >= 2 ** (prefix - range.prefix)) return undefined
    const bits = range.family === 'IPv4' ? 32 : 128
    return `${addressAt(range, place * 2 ** (bits - prefix))}/${prefix}`
  })
  return parts.includes(undefined) ? undefined : parts.join(',')
}

/** The least first part of the pods' range that has all of these: what a node keeps that had the whole of it. */
export function firstRangeWith(podCIDR: string, addresses: readonly string[]): string {
  return ipRanges(podCIDR)
    .map((range) => {
      const first = addressAt(range, 0)
      for (let prefix = nodePrefix(range); prefix > range.prefix; prefix -= 1) {
        const part = ipRange(`${first}/${prefix}`)
        const isOut = (address: string): boolean =>
          placeInRange(range, address) !== undefined &&
          part !== undefined &&
          placeInRange(part, address) === undefined
        if (!addresses.some(isOut)) return `${first}/${prefix}`
      }
      return `${first}/${range.prefix}`
    })
    .join(',')
}

function nodePrefix({ family, prefix }: IpRange): number {
  return Math.max(NODE_PREFIX[family], prefix)
}
