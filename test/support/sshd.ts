import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Keys for a test's machines, and an `ssh` that uses them and knows the machines, as a user's own would. */
export class SshKeys implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'reconcile-ssh-'))
  /** A line for each machine. */
  readonly knownHosts = join(this.folder, 'known_hosts')
  readonly config = join(this.folder, 'config')
  readonly #bin = join(this.folder, 'bin')

  constructor() {
    for (const name of ['host', 'user']) this.generate(name)
    writeFileSync(this.knownHosts, '')
    this.configure()
    mkdirSync(this.#bin)
    writeFileSync(join(this.#bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${this.config} "$@"\n`)
    chmodSync(join(this.#bin, 'ssh'), 0o755)
    // Debian's sshd wants it; its service would make it.
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Makes a pair of keys, which no server knows unless it is `host` or `user`. Where it is. */
  generate(name: string): string {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.path(name)])
    return this.path(name)
  }

  /** What ~/.ssh/config would hold besides; the first line that says something counts. */
  configure(...lines: readonly string[]): void {
    const own = [
      `UserKnownHostsFile ${this.knownHosts}`,
      'GlobalKnownHostsFile none',
      `IdentityFile ${this.path('user')}`,
      'IdentitiesOnly yes',
    ]
    writeFileSync(this.config, [...lines, 'Host *', ...own, ''].join('\n'))
  }

  /** For whoever starts ssh: this one comes first. */
  get environment(): Record<string, string> {
    return { PATH: `${this.#bin}:${process.env['PATH'] ?? ''}`, HOME: this.folder }
  }

  know(host: string, port: number): void {
    const key = readFileSync(this.path('host.pub'), 'utf8')
    const name = port === 22 ? host : `[${host}]:${port}`
    writeFileSync(this.knownHosts, `${readFileSync(this.knownHosts, 'utf8')}${name} ${key}`)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export interface SshServer extends AsyncDisposable {
  readonly port: number
  /** `ssh://USER@127.0.0.1:PORT` */
  readonly url: string
  readonly pid: number
}

/** A real sshd on this machine's loopback, for the user who runs the test; `settings` are lines of its configuration that go before the usual ones. */
export async function startSshd(keys: SshKeys, ...settings: readonly string[]): Promise<SshServer> {
  const port = await freePort()
  const config = keys.path(`sshd-${port}`)
  writeFileSync(config, [...settings, sshdConfig(keys, { address: '127.0.0.1', port })].join('\n'))
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let heard = ''
  for await (const chunk of server.stderr) {
    heard += String(chunk)
    if (heard.includes('Server listening')) break
  }
  if (!heard.includes('Server listening')) throw new Error(`sshd ended: ${heard}`)
  keys.know('127.0.0.1', port)
  return {
    port,
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    pid: server.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      const ended = once(server, 'exit')
      server.kill()
      await ended
    },
  }
}

export function sshdConfig(
  keys: SshKeys,
  { address, port }: { readonly address: string; readonly port: number },
): string {
  return [
    `Port ${port}`,
    `ListenAddress ${address}`,
    `HostKey ${keys.path('host')}`,
    `AuthorizedKeysFile ${keys.path('user.pub')}`,
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    '',
  ].join('\n')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
