import { EVICTION_TIMEOUT_S } from '../api/nodeLoss.ts'
import type { NodeName } from '../api/names.ts'
import type { Fencing } from '../api/plan.ts'
import { type Decision, nothing } from '../controllers/decision.ts'
import { nodeKey, nodeMemory } from '../api/nodeRecords.ts'
import { knownNodes } from './knownNodes.ts'
import type { World } from './world.ts'

const TIMEOUT_S = 60

/** Nodes that count as unreachable for as long as pods are waited for, and of which nobody has said yet that they are dead. */
export function fencings({ context, snapshot }: World): {
  readonly due: readonly Fencing[]
  readonly decisions: readonly Decision[]
} {
  const { fencing, podEvictionTimeoutSeconds = EVICTION_TIMEOUT_S } = snapshot.desired.cluster.spec ?? {}
  const [program, ...rest] = fencing?.command ?? []
  if (program === undefined) return { due: [], decisions: [] }
  const due: Fencing[] = []
  const decisions: Decision[] = []
  for (const { fenced, info, lostSince, name } of knownNodes(snapshot)) {
    if (lostSince === undefined || fenced) continue
    const atMs = Date.parse(lostSince) + podEvictionTimeoutSeconds * 1000
    if (atMs > context.nowMs) decisions.push({ ...nothing(nodeKey(name)), requeueAtMs: atMs })
    else {
      const fill = filling(
        name,
        snapshot.desired.nodes.find(({ metadata }) => metadata.name === name)?.spec?.address,
      )
      const timeoutMs = (fencing?.timeoutSeconds ?? TIMEOUT_S) * 1000
      const bootId = nodeMemory(snapshot.records.get(nodeKey(name))).loss?.bootId ?? info?.bootId
      due.push({
        node: name,
        argv: [fill(program), ...rest.map(fill)],
        timeoutMs,
        ...(bootId !== undefined && { bootId }),
      })
    }
  }
  return { due, decisions }
}

/** As in the arguments of a container. */
function filling(node: NodeName, address = ''): (text: string) => string {
  return (text) => text.replaceAll('$(NODE_NAME)', node).replaceAll('$(NODE_ADDRESS)', address)
}
