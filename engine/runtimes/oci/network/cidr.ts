/** An IPv4 range; the address is an unsigned number with the host's bits cleared. */
export interface Cidr {
  readonly address: number
  readonly prefix: number
}

/** `10.244.0.0/16`, or a lone address, which stands for itself. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text)
  if (match === null) return undefined
  const bytes = match.slice(1, 5).map(Number)
  const prefix = Number(match[5] ?? 32)
  if (prefix > 32 || bytes.some((byte) => byte > 255)) return undefined
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { address: address - (address % 2 ** (32 - prefix)), prefix }
}

export function cidrText(cidr: Cidr): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(cidr.address / 2 ** shift) % 256)
  return `${bytes.join('.')}/${cidr.prefix}`
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  const shared = 2 ** (32 - Math.min(a.prefix, b.prefix))
  return Math.floor(a.address / shared) === Math.floor(b.address / shared)
}
