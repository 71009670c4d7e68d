/** IP addresses and ranges as numbers: bits to compare, without asking the machine. */

export interface Range {
  readonly version: 4 | 6
  readonly first: bigint
  readonly last: bigint
}

export function isAddress(text: string): boolean {
  return ipv4(text) !== undefined || ipv6(text) !== undefined
}

/** `10.244.0.0/16`; undefined when it is no range or has bits set behind its prefix. */
export function rangeOf(text: string): Range | undefined {
  const match = /^(.+)\/(0|[1-9][0-9]{0,2})$/.exec(text)
  if (match === null) return undefined
  const [, address = '', prefix = ''] = match
  const four = ipv4(address)
  const value = four ?? ipv6(address)
  const bits = four === undefined ? 128 : 32
  if (value === undefined || Number(prefix) > bits) return undefined
  const size = 1n << BigInt(bits - Number(prefix))
  if (value % size !== 0n) return undefined
  return { version: bits === 32 ? 4 : 6, first: value, last: value + size - 1n }
}

export function overlap(a: Range, b: Range): boolean {
  return a.version === b.version && a.first <= b.last && b.first <= a.last
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const part of parts) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256n + BigInt(part)
  }
  return value
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 8 ? joined(head) : undefined
  if (tail === undefined || head.length + tail.length > 7) return undefined
  return joined([...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail])
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  for (const part of text.split(':')) {
    const four = part.includes('.') ? ipv4(part) : undefined
    if (four !== undefined) groups.push(Number(four >> 16n), Number(four & 0xffffn))
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function joined(groups: readonly number[]): bigint {
  return groups.reduce((value, group) => value * 65_536n + BigInt(group), 0n)
}
