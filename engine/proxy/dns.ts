import { CLUSTER_DOMAIN, reverseName } from '../api/clusterDns.ts'
import type { EndpointSlice, ServicePort } from '../api/generated/types.ts'
import type { ResolvedService } from '../api/services.ts'
import { type DnsRecord, type DnsZone, familyOf } from '../api/traffic.ts'
import { clusterAddresses } from './frontends.ts'

/** As CoreDNS has it: whoever remembers answers does not live long in the past. */
export const TTL_SECONDS = 5

const SRV = { type: 'SRV', ttlSeconds: TTL_SECONDS, priority: 0, weight: 100 } as const

type Records = ReadonlyMap<string, readonly DnsRecord[]>

/** https://github.com/kubernetes/dns/blob/master/docs/specification.md, without the names of pods by their addresses, which it calls deprecated. */
export function dnsZone(services: readonly ResolvedService[], servers: readonly string[]): DnsZone {
  const records = new Map<string, readonly DnsRecord[]>()
  for (const service of services) {
    for (const [name, added] of recordsOf(service)) {
      const there = records.get(name)
      // Only the name of an address may be of several Services: pods that two headless ones match.
      records.set(name, there === undefined ? added : sorted([...there, ...added]))
    }
  }
  return { domain: CLUSTER_DOMAIN, servers, records }
}

/** For as long as a Service is the same object, what was found of it is as well. */
const known = new WeakMap<ResolvedService, Records>()

/** The records of one Service. */
export function recordsOf(service: ResolvedService): Records {
  return known.getOrInsertComputed(service, () => collected(findRecords(service)))
}

type Found = readonly [name: string, record: DnsRecord]

function findRecords({ service, slices }: ResolvedService): readonly Found[] {
  const { metadata, spec } = service
  const name = `${metadata.name}.${metadata.namespace ?? 'default'}.svc.${CLUSTER_DOMAIN}`.toLowerCase()
  if (spec.type === 'ExternalName') return aliasOf(name, spec.externalName ?? '')
  if (spec.clusterIP === 'None') return headlessRecords(name, slices, spec.publishNotReadyAddresses === true)
  const addresses = clusterAddresses(service)
  if (addresses.length === 0) return []
  return [
    ...addresses.flatMap((address) => addressRecords(name, address, name)),
    ...(spec.ports ?? []).flatMap((port) => portRecord(name, port, port.port, name)),
  ]
}

/** A name that could not be sent in an answer is none. */
const NAME = /^(?=.{1,253}$)[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?)*$/

function aliasOf(name: string, externalName: string): readonly Found[] {
  const target = externalName.toLowerCase().replace(/\.$/, '')
  if (!NAME.test(target) || target === name) return []
  return [[name, { type: 'CNAME', ttlSeconds: TTL_SECONDS, target }]]
}

function headlessRecords(
  name: string,
  slices: readonly EndpointSlice[],
  publishesNotReady: boolean,
): readonly Found[] {
  return slices.flatMap(({ addressType, endpoints = [], ports = [] }) => {
    if (addressType === 'FQDN') return []
    return endpoints.flatMap(({ addresses, conditions, hostname }): readonly Found[] => {
      if (conditions?.ready === false && !publishesNotReady) return []
      return addresses.flatMap((address): readonly Found[] => {
        const own = `${(hostname ?? dashed(address)).toLowerCase()}.${name}`
        return [
          [name, addressRecord(address)],
          ...addressRecords(own, address, own),
          ...ports.flatMap((port) => portRecord(name, port, port.port, own)),
        ]
      })
    })
  })
}

/** What an endpoint without a name of its own is called, as CoreDNS does: `10-244-0-7`. */
function dashed(address: string): string {
  return address.replaceAll(/[.:]/g, '-').replace(/^-/, '0-').replace(/-$/, '-0')
}

function addressRecord(address: string): DnsRecord {
  return { type: familyOf(address) === 'ip' ? 'A' : 'AAAA', ttlSeconds: TTL_SECONDS, address }
}

/** There, and back by the reverse tree. */
function addressRecords(name: string, address: string, target: string): readonly Found[] {
  const reverse = reverseName(address)
  if (reverse === undefined) return []
  return [
    [name, addressRecord(address)],
    [reverse, { type: 'PTR', ttlSeconds: TTL_SECONDS, target }],
  ]
}

/** A port without a name has none in DNS either. */
function portRecord(
  service: string,
  { name = '', protocol = 'TCP' }: Pick<ServicePort, 'name' | 'protocol'>,
  port: number | undefined,
  target: string,
): readonly Found[] {
  if (name === '' || port === undefined) return []
  return [[`_${name}._${protocol}.${service}`.toLowerCase(), { ...SRV, port, target }]]
}

function collected(found: readonly Found[]): Records {
  const byName = Map.groupBy(
    found.filter(([name]) => NAME.test(name)),
    ([name]) => name,
  )
  return new Map(
    [...byName]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, those]) => [name, sorted(those.map(([, record]) => record))]),
  )
}

/** Each once: an endpoint may be in two slices, by two of its ports. */
function sorted(records: readonly DnsRecord[]): readonly DnsRecord[] {
  const byText = new Map(records.map((record) => [JSON.stringify(record), record]))
  return [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record)
}
