import type { DnsRecord, DnsZone } from '../../../api/traffic.ts'

/** What each name has, as `5 A 10.96.0.20`: a line for each record, in order. */
export type Lines = ReadonlyMap<string, readonly string[]>

export function linesOf({ records }: DnsZone): Lines {
  return new Map([...records].map(([name, those]) => [name, texts(those)]))
}

/** As long as the records are the very same, so are the lines. */
const known = new WeakMap<readonly DnsRecord[], readonly string[]>()

function texts(records: readonly DnsRecord[]): readonly string[] {
  return known.getOrInsertComputed(records, () => records.map(textOf).toSorted())
}

function textOf(record: DnsRecord): string {
  const head = `${record.ttlSeconds} ${record.type}`
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return `${head} ${record.address}`
    case 'SRV':
      return `${head} ${record.priority} ${record.weight} ${record.port} ${record.target}.`
    case 'CNAME':
    case 'PTR':
      return `${head} ${record.target}.`
    default:
      return record satisfies never
  }
}

/** The longest of the zones that the name is in. Of names in none the server has nothing to say. */
export function zoneOf(name: string, zones: readonly string[]): string | undefined {
  const around = zones.filter((zone) => name === zone || name.endsWith(`.${zone}`))
  return around.toSorted((a, b) => b.length - a.length)[0]
}

const TYPES = new Set<string>(['A', 'AAAA', 'SRV', 'CNAME', 'PTR'] satisfies readonly DnsRecord['type'][])

/** From `dig +noall +answer ZONE AXFR`; what each zone has at its head is left out. */
export function parseTransfer(stdout: string, domain: string): Lines {
  const found = new Map<string, string[]>()
  for (const line of stdout.split('\n')) {
    const [name = '', ttl = '', , type = '', ...data] = line.split(/\s+/)
    const short = name.replace(/\.$/, '')
    if (!TYPES.has(type) || short === `ns.dns.${domain}`) continue
    found.getOrInsertComputed(short, () => []).push([ttl, type, ...data].join(' '))
  }
  return new Map([...found].map(([name, those]) => [name, those.toSorted()]))
}
