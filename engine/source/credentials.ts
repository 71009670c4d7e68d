import { redactUrls } from './redact.ts'
import { SourceError } from './source.ts'

/** An address as it may stand in a command line, which every user of the machine can read, and its secret beside it. */
export interface Address {
  /** Without user name and password. */
  readonly url: string
  /** For Git: how it comes by them when the server asks. */
  readonly environment: Readonly<Record<string, string>>
}

/** Asked by Git for `get`, `store` and `erase`; answers with what only its environment holds. */
const HELPER =
  '!f() { if [ "$1" = get ]; then printf "username=%s\\npassword=%s\\n" "$RECONCILE_GIT_USER" "$RECONCILE_GIT_PASSWORD"; fi; }; f'

/** Takes what stands before the `@` out of an address. Of ssh's addresses that is an account's name, and stays. */
export function addressOf(repo: string): Address {
  // As Git has it, the last @ before the path is the one: a password may hold others.
  const found = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)@([^/?#@]*)(.*)$/is.exec(repo)
  if (found === null) return { url: repo, environment: {} }
  const [, scheme = '', account = '', host = '', rest = ''] = found
  const colon = account.indexOf(':')
  if (!/^https?$/i.test(scheme)) {
    if (colon === -1) return { url: repo, environment: {} }
    throw new SourceError(
      `the address ${redactUrls(repo)} holds a password, and ${scheme} takes none from there: use a key of this user`,
    )
  }
  const server = `${scheme}://${host}`
  const user = decoded(colon === -1 ? account : account.slice(0, colon), repo)
  const url = `${server}${rest}`
  if (colon === -1) return { url, environment: settings([[`credential.${server}.username`, user]]) }
  return {
    url,
    environment: {
      ...settings([
        // The empty one first: what stands in the address is meant, and not what a helper of the user has kept.
        [`credential.${server}.helper`, ''],
        [`credential.${server}.helper`, HELPER],
      ]),
      RECONCILE_GIT_USER: user,
      RECONCILE_GIT_PASSWORD: decoded(account.slice(colon + 1), repo),
    },
  }
}

function settings(pairs: readonly (readonly [key: string, value: string])[]): Record<string, string> {
  const entries = pairs.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key] as const,
    [`GIT_CONFIG_VALUE_${index}`, value] as const,
  ])
  return { GIT_CONFIG_COUNT: String(pairs.length), ...Object.fromEntries(entries) }
}

/** A line end would be a line more of what the helper answers. */
function decoded(text: string, repo: string): string {
  try {
    const plain = decodeURIComponent(text)
    if ([...plain].every((letter) => letter >= ' ' && letter !== '\u007f')) return plain
  } catch {
    // Told below.
  }
  throw new SourceError(
    `the address ${redactUrls(repo)} has a user name or password that cannot be read: write letters such as @, / and % as %40, %2F and %25`,
  )
}
