import type { NodeName, ObjectKey } from '../../api/names.ts'
import type { ResolvedService } from '../../api/services.ts'
import type { DnsZone, Frontend, NodeTraffic } from '../../api/traffic.ts'
import { memoised } from '../../controllers/memo.ts'
import { frontendsOf } from '../../proxy/frontends.ts'

export interface TrafficInput {
  /** By key. */
  readonly services: readonly ResolvedService[]
  /** Those that are refused what they want at addresses that others have. */
  readonly refused: ReadonlyMap<ObjectKey, unknown>
  readonly serviceRanges: readonly string[]
  readonly dns: DnsZone
}

/** What one node answers, kept from plan to plan: of a Service that is the same as before nothing is made anew. */
export class TrafficOfNode {
  readonly #node: NodeName
  readonly #addresses: readonly string[]
  #parts = new WeakMap<ResolvedService, readonly Frontend[]>()
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

  of({ dns, refused, serviceRanges, services }: TrafficInput): NodeTraffic {
    if (refused !== this.#refused) this.#parts = new WeakMap()
    this.#refused = refused
    const frontends: Frontend[] = []
    for (const service of services) for (const one of this.#part(service, refused)) frontends.push(one)
    const last = this.#last
    const isSame = last !== undefined && last.dns === dns && last.serviceRanges === serviceRanges
    if (isSame && sameItems(last.frontends, frontends)) return last
    this.#last = { frontends, serviceRanges, dns }
    return this.#last
  }

  #part(resolved: ResolvedService, refused: TrafficInput['refused']): readonly Frontend[] {
    const known = this.#parts.get(resolved)
    if (known !== undefined) return known
    const isRefused = refused.has(resolved.key)
    const loadBalancerAddresses = isRefused ? [] : this.#addresses
    const service = isRefused ? withoutExternal(resolved.service) : resolved.service
    const made = frontendsOf(service, resolved.slices, { name: this.#node, loadBalancerAddresses })
    this.#parts.set(resolved, made)
    return made
  }
}

const withoutExternal = memoised(({ spec, ...rest }: ResolvedService['service']) => {
  const { externalIPs: _ips, ...others } = spec
  return { ...rest, spec: others }
})

function sameItems<T>(these: readonly T[], others: readonly T[]): boolean {
  if (these.length !== others.length) return false
  for (let index = 0; index < these.length; index += 1) if (these[index] !== others[index]) return false
  return true
}
