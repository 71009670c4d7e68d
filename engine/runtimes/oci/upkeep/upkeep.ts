import type { NodeFinding, Runtime } from '../../runtime.ts'
import type { OciNode } from '../ociNode.ts'
import { bridgeRepairs } from './bridge.ts'
import { dnsRepairs, ingressRepairs } from './dns.ts'
import { folderRepairs } from './folders.ts'
import { createLeaseWatch } from './leases.ts'
import { layerRepairs } from './layers.ts'
import { orphanRepairs } from './orphans.ts'
import { monitorRepairs } from './monitors.ts'
import type { Looking, Repair } from './repair.ts'
import { repaired, repairsOf } from './repair.ts'

/** In this order: what comes later stands on what comes first. */
const STEPS: readonly ((looking: Looking, node: OciNode) => Promise<readonly Repair[]>)[] = [
  folderRepairs,
  orphanRepairs,
  monitorRepairs,
  bridgeRepairs,
  async (_, { otherNodes }) => await otherNodes.repairs(),
  async (looking, { services }) => await services.repairs(looking),
  layerRepairs,
  dnsRepairs,
  ingressRepairs,
]

/** Looks after what the pods of the root have in common. With nothing amiss it starts one process. */
export function createUpkeep(node: OciNode): Runtime['upkeep'] {
  const leases = createLeaseWatch()
  let isFirst = true
  let isReady = false
  return async ({ mend }, signal) => {
    const { nft } = (await node.look()).programs
    // Also makes the node ready: from here on whoever ends is started again by this engine's hook.
    if (mend) await node.facts()
    isReady ||= mend
    const looking: Looking = { transport: node.transport, paths: node.paths, nft, isFirst, isReady }
    isFirst = false
    const findings: NodeFinding[] = []
    for (const step of [...STEPS, leases]) {
      signal?.throwIfAborted()
      const repairs = await repairsOf(async () => await step(looking, node), signal)
      for (const repair of repairs)
        findings.push(mend ? await repaired(repair, node.context, signal) : { found: repair.found })
    }
    return findings
  }
}
