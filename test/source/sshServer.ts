import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './repositories.ts'

export interface SshServer {
  /** `ssh://USER@127.0.0.1:PORT` */
  readonly url: string
  /** How Git calls ssh, with the key that the server knows, or another one, and with or without the server among the known hosts. */
  command(options?: { readonly key?: 'known' | 'unknown'; readonly host?: 'known' | 'unknown' }): string
}

/** A real sshd of one test's own, for the user who runs the test. */
export async function sshServer(): Promise<SshServer> {
  const folder = temporaryFolder()
  const path = (name: string): string => join(folder, name)
  for (const name of ['host', 'known', 'unknown'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(name)])
  writeFileSync(path('authorized'), readFileSync(path('known.pub')))
  const port = await freePort()
  writeFileSync(path('hosts'), `[127.0.0.1]:${port} ${readFileSync(path('host.pub'), 'utf8')}`)
  writeFileSync(path('nobody'), '')
  writeFileSync(path('config'), configText(port, path))
  // Debian's sshd wants it; its service would make it.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', path('config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => {
    server.kill()
  })
  await said(server.stderr, 'Server listening')
  const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
  return {
    url: `ssh://${user}@127.0.0.1:${port}`,
    command: ({ key = 'known', host = 'known' } = {}) =>
      [
        'ssh -o BatchMode=yes -o IdentitiesOnly=yes -F none',
        `-i ${path(key)}`,
        `-o UserKnownHostsFile=${path(host === 'known' ? 'hosts' : 'nobody')}`,
        '-o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes',
      ].join(' '),
  }
}

function configText(port: number, path: (name: string) => string): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${path('host')}`,
    `AuthorizedKeysFile ${path('authorized')}`,
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

async function said(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  let heard = ''
  for await (const chunk of stream) {
    heard += String(chunk)
    if (heard.includes(text)) return
  }
  throw new Error(`the server ended: ${heard}`)
}
