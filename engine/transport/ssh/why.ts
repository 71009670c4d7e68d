import type { SshAddress } from './address.ts'

/** What people write behind `ssh`, or `ssh-copy-id`, to come to the same place. */
export function destination({ host, port, user }: Pick<SshAddress, 'host' | 'port' | 'user'>): string {
  return `${port === undefined ? '' : `-p ${port} `}${user === undefined ? '' : `${user}@`}${host}`
}

/** ssh's last words, and what to do about those that are known. */
export function whyText(stderr: string, address: SshAddress): string {
  const { host, port } = address
  const said = stderr
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !/^(?:Warning: Permanently added|debug\d:)/.test(line))
  const words = said.slice(-3).join('; ')
  const where = destination(address)
  const portOption = port === undefined ? '' : `-p ${port} `
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr))
    return `the host's key is another one than before: if the machine was set up anew, ssh-keygen -R '${port === undefined ? host : `[${host}]:${port}`}' forgets the old key; if not, somebody may be in between`
  if (/Host key verification failed|No \S+ host key is known/.test(stderr))
    return `the host's key is not known: connect once by hand (ssh ${where}) and compare its fingerprint, or add what ssh-keyscan ${portOption}${host} prints to ~/.ssh/known_hosts`
  // ssh's own words; what the account's programs are denied is another matter.
  if (/Permission denied \(/.test(stderr))
    return `${words}: the account does not take any key that ssh has here; ssh-copy-id ${where} puts one there, and a key with a passphrase needs an agent (SSH_AUTH_SOCK)`
  if (/perl: (?:command )?not found|exec: perl/.test(stderr))
    return `perl is missing on ${host}; on Debian: apt-get install perl-base`
  return words === '' ? 'it was closed without a word' : words
}
