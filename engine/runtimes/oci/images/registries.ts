export type Mirrors = Readonly<Record<string, readonly string[]>>

interface Mirror {
  readonly location: string
  /** Written with http://: plain http is what was asked for. */
  readonly plainHttp: boolean
}

/** The content of a registries.conf(5), version 2, that has these mirrors asked before their registry. */
export function registriesConf(mirrors: Mirrors): string {
  return Object.keys(mirrors)
    .toSorted()
    .map((registry) => registryTable(registry, (mirrors[registry] ?? []).map(parseMirror)))
    .join('\n')
}

/** Hosts that may be asked for an image of this registry before the registry itself. */
export function mirrorHosts(mirrors: Mirrors, registry: string): readonly string[] {
  return (mirrors[registry] ?? []).map((url) => parseMirror(url).location.split('/')[0] ?? '')
}

/** Hosts with whatever path stands behind them. */
export function mirrorLocations(mirrors: Mirrors, registry: string): readonly string[] {
  return (mirrors[registry] ?? []).map((url) => parseMirror(url).location)
}

function registryTable(registry: string, list: readonly Mirror[]): string {
  const name = JSON.stringify(registry)
  const head = `[[registry]]\nprefix = ${name}\nlocation = ${name}\n`
  const tables = list.map(
    (mirror) =>
      `[[registry.mirror]]\nlocation = ${JSON.stringify(mirror.location)}\ninsecure = ${mirror.plainHttp}\n`,
  )
  return head + tables.join('')
}

function parseMirror(url: string): Mirror {
  return {
    location: url.replace(/^https?:\/\//, '').replace(/\/+$/, ''),
    plainHttp: url.startsWith('http://'),
  }
}
