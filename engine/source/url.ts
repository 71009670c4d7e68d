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
  if (scheme[2] === '//' && SCHEMES.includes((scheme[1] ?? '').toLowerCase())) return true
  throw new SourceError(
    `the repository ${redactUrls(repo)} has an address that is not fetched: use ${SCHEMES.join('://, ')}://, user@host:path or a path`,
  )
}
