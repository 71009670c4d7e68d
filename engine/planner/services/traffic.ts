import { type NodeName, nodeName, type ObjectKey } from '../../api/names.ts'
import type { ResolvedService } from '../../api/services.ts'
import type { DnsZone, Frontend, NodeTraffic } from '../../api/traffic.ts'
import { memoised } from '../../api/memo.ts'
import { frontendsOf } from '../../proxy/frontends.ts'

export interface TrafficInput {
  /** By key. */
  readonly services: readonly ResolvedService[]
  /** What it was in the last plan; and in which places it is another now, where those are all that changed. */
  readonly before: readonly ResolvedService[] | undefined
  readonly changed: readonly number[]
  /** Those that are refused what they want at addresses that others have. */
  readonly refused: ReadonlyMap<ObjectKey, unknown>
  readonly serviceRanges: readonly string[]
  readonly dns: DnsZone
}

/** What one node answers, kept from plan to plan: of a Service that is the same as before nothing is made anew. */
export class TrafficOfNode {
  readonly #node: NodeName
  readonly #addresses: readonly string[]
  #services: readonly ResolvedService[] = []
  /** By the place of the Service, how many frontends there are of those before it. */
  #offsets: readonly number[] = []
  #refused: TrafficInput['refused'] | undefined
  #last: NodeTraffic | undefined

  constructor(node: NodeName, addresses: readonly string[]) {
    this.#node = node
    this.#addresses = addresses
  }

  hasAddresses(addresses: readonly string[]): boolean {
    return (
      addresses.length === this.#addresses.length && addresses.every((one, i) => one === this.#addresses[i])
    )
  }

  of(input: TrafficInput): NodeTraffic {
    const { dns, refused, serviceRanges, services } = input
    const last = this.#last
    const frontends = this.#frontends(input)
    this.#services = services
    this.#refused = refused
    if (last?.frontends === frontends && last.dns === dns && last.serviceRanges === serviceRanges) return last
    this.#last = { frontends, serviceRanges, dns }
    return this.#last
  }

  #frontends(input: TrafficInput): readonly Frontend[] {
    const last = this.#last?.frontends
    const isNext = input.before === this.#services && input.refused === this.#refused
    const patched = last !== undefined && isNext ? this.#patched(last, input) : undefined
    return patched ?? this.#whole(input)
  }

  /** With those of some Services in the place of what they had; undefined: they are more or fewer than before. */
  #patched(
    last: readonly Frontend[],
    { changed, refused, services }: TrafficInput,
  ): readonly Frontend[] | undefined {
    if (changed.length === 0) return last
    const frontends = last.slice()
    for (const index of changed) {
      const service = services[index]
      const from = this.#offsets[index] ?? 0
      const to = this.#offsets[index + 1] ?? last.length
      const parts = service === undefined ? [] : this.#part(service, refused)
      if (parts.length !== to - from) return undefined
      for (const [place, part] of parts.entries()) frontends[from + place] = part
    }
    return frontends
  }

  #whole({ refused, services }: TrafficInput): readonly Frontend[] {
    const frontends: Frontend[] = []
    const offsets: number[] = []
    for (const service of services) {
      offsets.push(frontends.length)
      for (const part of this.#part(service, refused)) frontends.push(part)
    }
    this.#offsets = offsets
    return frontends
  }

  #part(resolved: ResolvedService, refused: TrafficInput['refused']): readonly Frontend[] {
    const isRefused = refused.has(resolved.key)
    const isLoadBalancer = resolved.service.spec.type === 'LoadBalancer'
    if (!isRefused && !isLoadBalancer && !nodesOf(resolved).has(this.#node)) return elsewhere(resolved)
    const service = isRefused ? withoutExternal(resolved.service) : resolved.service
    const loadBalancerAddresses = isRefused ? [] : this.#addresses
    return frontendsOf(service, resolved.slices, { name: this.#node, loadBalancerAddresses })
  }
}

/** What all nodes answer that have none of the endpoints, which are most: made once. */
const elsewhere = memoised(({ service, slices }: ResolvedService): readonly Frontend[] =>
  frontendsOf(service, slices, { name: nodeName(''), loadBalancerAddresses: [] }),
)

const nodesOf = memoised(({ slices }: ResolvedService): ReadonlySet<string | undefined> => {
  const found = new Set<string | undefined>()
  for (const { endpoints = [] } of slices) for (const endpoint of endpoints) found.add(endpoint.nodeName)
  return found
})

const withoutExternal = memoised(({ spec, ...rest }: ResolvedService['service']) => {
  const { externalIPs: _ips, ...others } = spec
  return { ...rest, spec: others }
})

/** In which places the second has another item; undefined: they are of different lengths. */
export function changedPlaces<T>(before: readonly T[], now: readonly T[]): readonly number[] | undefined {
  if (before.length !== now.length) return undefined
  const found: number[] = []
  for (let index = 0; index < now.length; index += 1) if (before[index] !== now[index]) found.push(index)
  return found
}
