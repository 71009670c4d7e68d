import { writeFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { SshKeys, startSshd } from '../support/sshd.ts'

export interface GitSshServer {
  /** `ssh://USER@127.0.0.1:PORT` */
  readonly url: string
  /** How Git calls ssh, with the key that the server knows, or another one, and with or without the server among the known hosts. */
  command(options?: { readonly key?: 'known' | 'unknown'; readonly host?: 'known' | 'unknown' }): string
}

/** A real sshd of one test's own, for the user who runs the test. */
export async function sshServer(): Promise<GitSshServer> {
  const made = new AsyncDisposableStack()
  onTestFinished(async () => await made.disposeAsync())
  const keys = made.use(new SshKeys())
  const { url } = made.use(await startSshd(keys))
  const unknown = keys.generate('unknown')
  const nobody = keys.path('nobody')
  writeFileSync(nobody, '')
  return {
    url,
    command: ({ key = 'known', host = 'known' } = {}) =>
      [
        'ssh -o BatchMode=yes -o IdentitiesOnly=yes -F none',
        `-i ${key === 'known' ? keys.path('user') : unknown}`,
        `-o UserKnownHostsFile=${host === 'known' ? keys.knownHosts : nobody}`,
        '-o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes',
      ].join(' '),
  }
}
