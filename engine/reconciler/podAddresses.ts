import type { NodeName } from '../api/names.ts'
import type { Observed, ObservedNode } from '../api/snapshot.ts'

interface Seen {
  readonly node: ObservedNode
  readonly addresses: ReadonlySet<string>
}

/** Which addresses pods have, so that it is known when one has none any more. Of a node that is as it was nothing is looked at. */
export class PodAddresses {
  readonly #seen = new Map<NodeName, Seen>()

  /** Of each node, those that its pods had the last time that this was asked. */
  gone({ nodes }: Observed): ReadonlyMap<NodeName, readonly string[]> {
    const found = new Map<NodeName, readonly string[]>()
    for (const [name, node] of nodes) {
      const before = this.#seen.get(name)
      if (before?.node === node) continue
      const addresses = addressesOn(node)
      this.#seen.set(name, { node, addresses })
      const gone = [...(before?.addresses.difference(addresses) ?? [])]
      if (gone.length > 0) found.set(name, gone)
    }
    return found
  }
}

function addressesOn({ pods }: ObservedNode): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { ip, ip6 } of pods.values()) {
    if (ip !== undefined) found.add(ip)
    if (ip6 !== undefined) found.add(ip6)
  }
  return found
}
