import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execFileSync } from 'node:child_process'
import type { Host, Hosts } from './hosts.ts'

const ID = 4242
/** Beyond whatever this machine gives to accounts of its own. */
const FIRST_USER = 1_200_000_000

export interface HostAccount {
  readonly url: string
  readonly home: string
  /** As it: its output. */
  run(...command: readonly [string, ...string[]]): string
}

/**
 * An account on a host that is not root there, and that this machine knows nothing of: until the host's next boot. `users`: how many it may give to its
 * containers.
 */
export function addAccount(hosts: Hosts, host: Host, name: string, users = 65_536): HostAccount {
  const home = join(host.folder, 'home', name)
  mkdirSync(home, { recursive: true })
  execFileSync('chown', [`${ID}:${ID}`, home])
  // It comes through, and does not look around.
  for (const folder of [hosts.folder, hosts.keys.folder]) chmodSync(folder, 0o711)
  const ranges = `${name}:${FIRST_USER}:${users}\n`
  extend(host, '/etc/passwd', `${name}:*:${ID}:${ID}::${home}:/bin/sh\n`)
  extend(host, '/etc/group', `${name}:*:${ID}:\n`)
  for (const file of ['/etc/subuid', '/etc/subgid']) extend(host, file, users === 0 ? '' : ranges)
  const tun = join(host.folder, 'tun')
  execFileSync('sh', ['-c', 'rm -f "$0"; mknod -m 666 "$0" c 10 200', tun])
  host.run('mount', '--bind', tun, '/dev/net/tun')
  // Nobody who is not root may mount one of his own where every other one has something mounted in it.
  const proc = join(host.folder, 'proc')
  mkdirSync(proc, { recursive: true })
  host.run('mount', '-t', 'proc', 'proc', proc)
  return {
    url: host.url.replace('root@', `${name}@`),
    home,
    run: (...command) =>
      host.run(
        'setpriv',
        `--reuid=${ID}`,
        `--regid=${ID}`,
        '--clear-groups',
        '--',
        'env',
        `HOME=${home}`,
        ...command,
      ),
  }
}

function extend(host: Host, path: string, line: string): void {
  const own = join(host.folder, path)
  mkdirSync(dirname(own), { recursive: true })
  writeFileSync(own, readFileSync(path, 'utf8') + line)
  host.run('mount', '--bind', own, path)
}
