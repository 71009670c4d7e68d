import type { Protocol } from '../../../api/traffic.ts'
import type { Transport } from '../../../transport/transport.ts'

/** `tcp 30080`: ports of the host that a process waits at, at another address than loopback. */
export type Listeners = ReadonlySet<string>

export function listenerKey(protocol: Protocol, port: number): string {
  return `${protocol} ${port}`
}

const FILES = [
  ['tcp', '/proc/net/tcp'],
  ['tcp', '/proc/net/tcp6'],
  ['udp', '/proc/net/udp'],
  ['udp', '/proc/net/udp6'],
] as const

/** The kernel lists no sockets of sctp in this way. */
export async function listeners(transport: Transport): Promise<Listeners> {
  const files = await transport.readFiles(FILES.map(([, path]) => path))
  return new Set(
    FILES.flatMap(([protocol, path]) =>
      parseListeners(files.get(path) ?? '').map((port) => listenerKey(protocol, port)),
    ),
  )
}

/** TCP_LISTEN; and for udp TCP_CLOSE, of a socket that takes from anybody. */
const STATES = new Set(['0A', '07'])
/** 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104: in words of 32 bits, their bytes the other way round. */
const LOOPBACK =
  /^(?:[0-9A-F]{6}7F|0{31}1|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F|0{16}0000FFFF[0-9A-F]{6}7F)$/

/** Of /proc/net/tcp and its like (proc(5)): `  0: 0100007F:1F90 00000000:0000 0A ...`. */
export function parseListeners(text: string): readonly number[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{2}) /.exec(line)
    if (match === null) return []
    const [, address = '', port = '', peer, state = ''] = match
    return STATES.has(state) && peer === '0000' && !LOOPBACK.test(address) ? [Number.parseInt(port, 16)] : []
  })
}
