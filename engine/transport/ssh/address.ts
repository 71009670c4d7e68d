/** How ssh is told of a machine. */
export interface SshAddress {
  /** As it was given, for people: `ssh://ops@192.0.2.11`. */
  readonly text: string
  /** A host, or an alias of ~/.ssh/config. */
  readonly host: string
  readonly user?: string
  readonly port?: number
}

/** `ssh://[USER@]HOST[:PORT]`, an IPv6 address in brackets. Undefined: it is none. */
export function parseSshAddress(text: string): SshAddress | undefined {
  const match = /^ssh:\/\/(?:([^@/\s:]+)@)?(?:\[([0-9a-fA-F:.]+)\]|([^@/\s:[\]]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const [, user, ipv6, name, digits] = match
  const host = ipv6 ?? name ?? ''
  const port = digits === undefined ? undefined : Number(digits)
  // It would be an option of ssh.
  if (host.startsWith('-') || user?.startsWith('-') === true) return undefined
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined
  return { text, host, ...(user !== undefined && { user }), ...(port !== undefined && { port }) }
}

/** The host last, behind what tells options from it. */
export function addressArguments({ host, port, user }: SshAddress): readonly string[] {
  return [
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    '--',
    host,
  ]
}
