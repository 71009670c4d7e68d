import type { Command } from '../../../transport/transport.ts'
import { CONTROL_PORT } from './config.ts'
import type { DnsPaths } from './paths.ts'

/** Threads that answer: enough for a machine full of pods, and few enough to cost little memory. */
const WORKERS = 2

/** Ends once the server answers; what answers is a process of its own, which nobody's end ends. */
export function serverCommand({ config }: DnsPaths): Command {
  return { argv: ['named', '-c', config, '-u', SERVER_USER, '-n', String(WORKERS)] }
}

export const SERVER_USER = 'bind'

export function updateCommand({ key }: DnsPaths, script: string): Command {
  // By TCP: a lost packet would cost seconds.
  return { argv: ['nsupdate', '-v', '-t', '10', '-k', key], stdin: script }
}

export function transferCommand({ key }: DnsPaths, address: string, zones: readonly string[]): Command {
  const queries = zones.flatMap((zone) => [zone, 'AXFR'])
  return { argv: ['dig', '-k', key, '+noall', '+answer', '+onesoa', '+time=5', `@${address}`, ...queries] }
}

/** Ends well when anybody answers anything. */
export function probeCommand(address: string, domain: string): Command {
  return { argv: ['dig', '+short', '+time=1', '+tries=1', `@${address}`, domain, 'SOA'] }
}

/** Signed, so that no other server can give the answer. */
export function checkCommand({ key }: DnsPaths, address: string, domain: string): Command {
  return { argv: ['dig', '-k', key, '+short', '+time=1', '+tries=3', `@${address}`, domain, 'SOA'] }
}

/** Ends once the configuration is in force; zones that are there already are left as they are. */
export function reconfigureCommand({ key }: DnsPaths, address: string): Command {
  return { argv: ['rndc', '-k', key, '-s', address, '-p', String(CONTROL_PORT), '-y', 'engine', 'reconfig'] }
}

export function bindMountCommand({ directory, folder }: DnsPaths): Command {
  return { argv: ['mount', '--bind', directory, folder] }
}

export function ownCommand({ folder }: DnsPaths): Command {
  return { argv: ['chown', '-R', `${SERVER_USER}:`, folder] }
}

/** A bridge without ports: every kernel that pods can run on has these. */
export function linkCommand({ link }: DnsPaths, addresses: readonly string[], isThere: boolean): Command {
  const lines = [
    ...(isThere ? [] : [`link add name ${link} type bridge`]),
    `link set dev ${link} up`,
    ...addresses.map((address) =>
      address.includes(':')
        ? `address replace ${address}/128 dev ${link} nodad noprefixroute`
        : `address replace ${address}/32 dev ${link}`,
    ),
  ]
  return { argv: ['ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` }
}

export function deleteLinkCommand({ link }: DnsPaths): Command {
  return { argv: ['ip', 'link', 'delete', link] }
}
