import { addressAt, type IpRange, ipRange, ipRanges, placeInRange } from './ipRanges.ts'

/** The part that a node has whose place among the nodes is this, of a range of one family; undefined: there is none left. */
export function nodeRange(range: IpRange, place: number): string | undefined {
  const prefix = nodePrefix(range)
  if (place >= 2 ** (prefix - range.prefix)) return undefined
  const bits = range.family === 'IPv4' ? 32 : 128
  return `${addressAt(range, place * 2 ** (bits - prefix))}/${prefix}`
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

/**
 * As Kubernetes gives them out: a /24 of IPv4, which is 254 pods, and a /64 of IPv6. A range of IPv6 that is no larger than one /64 is shared out to
 * 65,536 nodes (a /80 of a /64), or to as many as leave each 254 pods.
 */
function nodePrefix({ family, prefix }: IpRange): number {
  if (family === 'IPv4') return Math.max(24, prefix)
  return prefix < 64 ? 64 : Math.max(Math.min(prefix + 16, 120), prefix)
}
