import { redactUrls } from './redact.ts'
import { SourceError } from './source.ts'

/** Git's other transports (`ext::`, `fd::`) run commands that stand in the address. */
const SCHEMES = ['https', 'http', 'ssh', 'git+ssh', 'git', 'file']

/** `git@host:path`, the short form of ssh; a Windows path or `./a:b` is none. */
const SCP_LIKE = /^[A-Za-z0-9._~-]+@[A-Za-z0-9.[\]:_-]+?:(?!\/\/).+/

/** Whether `repo` is an address for Git rather than a path. Rejects the ones that are never fetched. */
export function isUrl(repo: string): boolean {
  if (SCP_LIKE.test(repo)) return true
  const scheme = /^([a-z][a-z0-9+.-]*):(:|\/\/)/i.exec(repo)
  if (scheme === null) return false
  assertWholeAccount(repo)
  if (scheme[2] === '//' && SCHEMES.includes((scheme[1] ?? '').toLowerCase())) return true
  throw new SourceError(
    `the repository ${redactUrls(repo)} has an address that is not fetched: use ${SCHEMES.join('://, ')}://, user@host:path or a path`,
  )
}

/**
 * A password with a / in it, as many tokens have, would be taken for a port and a path: it would stand in every message and command line. So an
 * address whose port is none, with an @ behind it, is refused without being shown.
 */
function assertWholeAccount(repo: string): void {
  const found = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/is.exec(repo)
  const [, scheme = '', server = '', rest = ''] = found ?? []
  const isCut =
    rest.includes('@') && !server.includes('@') && /:(?!\d*$)/.test(server.replace(/^\[[^\]]*\]/, ''))
  if (!isCut && !/\s/.test(server)) return
  throw new SourceError(
    `the address ${scheme}*** has a user name or password that cannot be read: write letters such as /, @, # and % as %2F, %40, %23 and %25`,
  )
}
