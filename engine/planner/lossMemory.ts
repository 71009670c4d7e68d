import type { NodeLoss, NodeMemory } from '../api/nodeRecords.ts'
import type { NodeName, PodUid } from '../api/names.ts'
import { silenceOf } from './losses.ts'
import { rememberedPod } from './remembered.ts'
import type { World } from './world.ts'
import { isStillToGo, isStillToUncount, type NodePods } from './worldPods.ts'

type LossMemory = Pick<NodeMemory, 'fenced' | 'givenUp' | 'loss'>

/** What is to be remembered of a node's silence; `replaced`: pods there whose place others may take from now on. */
export function nextLoss(
  memory: NodeMemory,
  name: NodeName,
  replaced: readonly PodUid[],
  { byNode }: World,
): LossMemory {
  const { fenced, givenUp, loss } = memory
  const found = byNode.get(name)
  if (found?.node.reachable === true) return afterReturn(memory, found)
  // Nothing can be made elsewhere where there is no other node.
  const next = found === undefined || byNode.size === 1 ? loss : whileSilent(loss, found, replaced)
  return {
    ...(fenced !== undefined && { fenced }),
    ...(givenUp !== undefined && { givenUp }),
    ...(next !== undefined && { loss: next }),
  }
}

function whileSilent(
  loss: NodeLoss | undefined,
  { node, pods }: NodePods,
  replaced: readonly PodUid[],
): NodeLoss {
  const evicted = [...(loss?.evicted ?? []), ...replaced]
  const silence = silenceOf(loss)
  const bootId = silence?.bootId ?? node.info?.bootId
  const isKnown = node.unlisted !== true
  const had = silence?.pods ?? (isKnown ? pods.map(({ observed }) => rememberedPod(observed)) : undefined)
  return {
    heard: node.since,
    ...(node.lostSince !== undefined && { since: node.lostSince }),
    ...(bootId !== undefined && { bootId }),
    ...(had !== undefined && { pods: had }),
    ...(evicted.length > 0 && { evicted }),
  }
}

/**
 * Forgotten once all that is to go is on its way, by the node's own records. A fence ends with another boot: what ran in the one before has
 * ended.
 */
function afterReturn({ fenced, givenUp, loss }: NodeMemory, { node, pods }: NodePods): LossMemory {
  const unreadable = (node.unreadable ?? []).length > 0 && (givenUp ?? loss?.evicted) !== undefined
  const isKept = unreadable || pods.some((pod) => isStillToGo(pod, node) || isStillToUncount(pod))
  const boot = node.info?.bootId
  const isRebooted = fenced?.bootId !== undefined && boot !== undefined && boot !== fenced.bootId
  return {
    ...(fenced !== undefined && !isRebooted && { fenced }),
    ...(isKept && givenUp !== undefined && { givenUp }),
    ...(isKept && loss !== undefined && { loss: overLoss(loss) }),
  }
}

function overLoss({ evicted, heard }: NodeLoss): NodeLoss {
  return { heard, answered: true, ...(evicted !== undefined && { evicted }) }
}

/** Why the record is written, for people; undefined: not because of this. */
export function lossReason(before: NodeLoss | undefined, next: NodeLoss | undefined): string | undefined {
  const [was, is] = [silenceOf(before), silenceOf(next)]
  if (is === undefined) {
    const isCleared = before !== undefined && next === undefined
    return was !== undefined || isCleared ? 'it answers' : undefined
  }
  if (was === undefined) return 'it does not answer'
  if (was.since !== is.since) return 'it counts as unreachable'
  if (was.evicted?.length !== is.evicted?.length) return 'others take the place of pods that it has'
  return undefined
}
