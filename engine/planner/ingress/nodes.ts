import type { IngressConfig } from '../../api/ingress.ts'
import { nodeName, type NodeName } from '../../api/names.ts'
import type { Desired, Snapshot } from '../../api/snapshot.ts'

export interface IngressNodes {
  /** That the proxy runs on, by name. */
  readonly names: readonly NodeName[]
  /** Where it is reached. */
  readonly addresses: readonly string[]
  /** Named by the Cluster, and nobody knows them. */
  readonly unknown: readonly string[]
}

/** Those that the Cluster names; without a word of it, the machine that the engine runs on. */
export function ingressNodes({ desired, observed }: Snapshot): IngressNodes {
  const { address, nodes } = desired.cluster.spec?.ingress ?? {}
  const wanted = [...new Set(nodes?.map(nodeName) ?? headNodes(desired, observed))].toSorted()
  const names = wanted.filter((name) => observed.nodes.has(name))
  const own = names.flatMap((name) => observed.nodes.get(name)?.info?.addresses ?? [])
  return {
    names,
    addresses: names.length === 0 ? [] : address === undefined ? [...new Set(own)] : [address],
    unknown: wanted.filter((name) => !observed.nodes.has(name)),
  }
}

function headNodes({ nodes }: Desired, { nodes: observed }: Snapshot['observed']): readonly NodeName[] {
  if (nodes.length === 0) return [...observed.keys()]
  return nodes
    .filter(({ spec }) => (spec?.address ?? 'local') === 'local')
    .map(({ metadata }) => nodeName(metadata.name ?? ''))
}

export function portsOf({ spec }: Desired['cluster']): Pick<IngressConfig, 'ports' | 'address'> {
  const { address, httpPort = 80, httpsPort = 443 } = spec?.ingress ?? {}
  return { ports: { http: httpPort, https: httpsPort }, ...(address !== undefined && { address }) }
}
