import { canonicalIp } from '../../../api/ipRanges.ts'
import { parseResolvConf } from '../../../api/resolvConf.ts'
import { type Family, familyOf } from '../../../api/traffic.ts'
import type { DnsPaths } from './paths.ts'

/** What the server is started with. Records come and go without it. */
export interface ServerSettings {
  /** Where it answers, at port 53. */
  readonly addresses: readonly string[]
  /** Who gets everything else. */
  readonly forwarders: readonly string[]
  /** What it has the last word on, `cluster.local` first. */
  readonly zones: readonly string[]
  /** Ranges whose machines may ask, beside this one. */
  readonly clients: readonly string[]
}

export const KEY_NAME = 'engine'

/** https://bind9.readthedocs.io/en/v9.18.24/reference.html */
export function namedConf(settings: ServerSettings, paths: DnsPaths): string {
  const { addresses, clients, forwarders, zones } = settings
  const of = (family: Family) => listed(addresses.filter((one) => familyOf(one) === family))
  return `// Written by reconcile; changes are lost.
include "${paths.key}";
options {
  directory "${paths.folder}";
  managed-keys-directory "${paths.folder}";
  pid-file "${paths.pidFile}";
  session-keyfile none;
  listen-on { ${of('ip')} };
  listen-on-v6 { ${of('ip6')} };
  recursion yes;
  allow-query { localhost; ${listed(clients)} };
  allow-query-cache { localhost; ${listed(clients)} };
  allow-recursion { localhost; ${listed(clients)} };
  allow-transfer { key ${KEY_NAME}; };
  notify no;
  forward only;
  forwarders { ${listed(forwarders)} };
  dnssec-validation no;
  empty-zones-enable no;
  minimal-responses yes;
  max-cache-size 16m;
  max-cache-ttl 30;
  max-ncache-ttl 5;
  tcp-clients 1000;
  version none;
  hostname none;
};
controls {
  inet ${addresses[0] ?? ''} port ${CONTROL_PORT} allow { localhost; } keys { ${KEY_NAME}; };
};
logging {
  channel file { file "${paths.log}" versions 1 size 1m; severity notice; print-time iso8601; };
  category default { file; };
  category unmatched { null; };
};
${zones.map((zone) => zoneStatement(zone, paths)).join('')}`
}

/** As a configuration that was written here has them. */
export function addressesIn(config: string): readonly string[] {
  const lists = [...config.matchAll(/^ {2}listen-on(?:-v6)? \{ (.*) \};$/gm)]
  return lists.flatMap(([, list = '']) => list.split(/; ?/)).filter((one) => one !== '' && one !== 'none')
}

export function zonesIn(config: string): readonly string[] {
  return [...config.matchAll(/^zone "([^"]+)"/gm)].flatMap(([, zone]) => zone ?? [])
}

/** Of rndc, at the first address; for this machine alone. */
export const CONTROL_PORT = 953

/** No file name holds what a zone's name could not. */
export function zoneFileName(zone: string): string {
  return `${zone}.zone`
}

function zoneStatement(zone: string, { folder }: DnsPaths): string {
  const file = `${folder}/${zoneFileName(zone)}`
  return `zone "${zone}" {
  type primary;
  file "${file}";
  update-policy { grant ${KEY_NAME} subdomain ${zone} ANY; };
  max-journal-size 1m;
};
`
}

/** An empty list says none. */
function listed(items: readonly string[]): string {
  return items.length === 0 ? 'none;' : items.map((item) => `${item};`).join(' ')
}

export function keyFile(secret: string): string {
  return `key "${KEY_NAME}" { algorithm hmac-sha256; secret "${secret}"; };\n`
}

/** What a zone holds beside its records: https://github.com/kubernetes/dns/blob/master/docs/specification.md, 2.2. */
export function zoneHead(zone: string, domain: string, addresses: readonly string[]): readonly string[] {
  const server = `ns.dns.${domain}.`
  return [
    '$TTL 5',
    `${zone}. SOA ${server} hostmaster.${domain}. 1 7200 1800 86400 5`,
    `${zone}. NS ${server}`,
    ...(zone === domain
      ? [
          ...addresses.map((address) => `${server} ${familyOf(address) === 'ip' ? 'A' : 'AAAA'} ${address}`),
          `dns-version.${domain}. TXT "1.1.0"`,
        ]
      : []),
  ]
}

/** The machine's own servers; without any, what the C library would ask. Not the server itself, if somebody has written that down. */
export function forwardersOf(resolvConf: string, own: readonly string[]): readonly string[] {
  const named = parseResolvConf(resolvConf).nameservers
  const others = named.filter((address) => canonicalIp(address) !== undefined && !own.includes(address))
  return others.length === 0 ? ['127.0.0.1'] : [...new Set(others)]
}
