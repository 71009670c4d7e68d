import type { NodeName } from '../api/names.ts'
import type { Desired, ObservedPod, Snapshot } from '../api/snapshot.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Clock } from './clock.ts'
import { FigureBook } from './figures.ts'
import { Inspector } from './inspector.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { silentLogger } from './logger.ts'
import { Observer } from './observer.ts'

/**
 * One look at every node, for `plan` and `status`: writes nothing, starts nothing. A node that does not answer is in
 * the snapshot as not reachable. Rejects when the head's object records (the first runtime's) cannot be read.
 */
export async function observeOnce(
  runtimes: ReadonlyMap<NodeName, Runtime>,
  desired: Desired,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<Snapshot> {
  const [head] = runtimes.values()
  const observer = new Observer([...runtimes.keys()], clock, () => undefined)
  const inspector = new Inspector({
    runtimes,
    observer,
    clock,
    signal,
    log: silentLogger,
    limits: DEFAULT_LIMITS,
    figures: new FigureBook(clock),
    resyncEveryMs: () => Number.POSITIVE_INFINITY,
    looked: () => undefined,
    nodeChanged: () => undefined,
    nodeDamaged: () => undefined,
    mends: () => false,
  })
  const [records] = await Promise.all([head?.readObjectRecords(signal) ?? new Map(), inspector.first()])
  return { desired, observed: observer.observed(), records, busy: new Map() }
}

/** With what the last engine tried in vain, for people who ask how things stand. A new engine tries at once. */
export function withRecordedFailures(snapshot: Snapshot): Snapshot {
  const nodes = [...snapshot.observed.nodes].map(([name, node]) => {
    const pods = [...node.pods].map(([uid, pod]) => [uid, withFailures(pod)] as const)
    return [name, { ...node, pods: new Map(pods) }] as const
  })
  return { ...snapshot, observed: { nodes: new Map(nodes) } }
}

function withFailures(pod: ObservedPod): ObservedPod {
  const { failures } = pod.record
  return failures === undefined ? pod : { ...pod, failures: new Map(Object.entries(failures)) }
}
