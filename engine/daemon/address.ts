import { isIPv6 } from 'node:net'

export interface ListenAddress {
  /** A name or an address, without brackets. */
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
}

/** Whoever names no address is heard on this machine alone. */
const LOOPBACK = '127.0.0.1'

/** `[ADDRESS:]PORT` as the command line has it, an IPv6 address in brackets; a text says what is wrong with it. */
export function parseListenAddress(text: string): ListenAddress | string {
  const found = /^(?:(?<host>\[[^\]]*\]|[^:[\]]*):)?(?<port>\d{1,5})$/.exec(text)
  const { host = '', port = '' } = found?.groups ?? {}
  if (found === null || Number(port) > 65_535) return wrong(text)
  if (host === '') return { host: LOOPBACK, port: Number(port) }
  if (!host.startsWith('[')) return { host, port: Number(port) }
  const address = host.slice(1, -1)
  return isIPv6(address) ? { host: address, port: Number(port) } : wrong(text)
}

function wrong(text: string): string {
  const brackets = text.split(':').length > 2 ? '; an IPv6 address stands in brackets: [::1]:9464' : ''
  return `${JSON.stringify(text)} is no address to listen on: give a port, or an address and a port, such as 9464, 0.0.0.0:9464 or [::]:9464${brackets}`
}

/** As a URL has it. */
export function addressText({ host, port }: ListenAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}
