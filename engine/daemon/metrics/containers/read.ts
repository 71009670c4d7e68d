import type { NodeName, PodUid } from '../../../api/names.ts'
import type { ObservedNode, ObservedPod, Snapshot } from '../../../api/snapshot.ts'
import type { MeasuredPod, PodMeasures } from '../../../runtimes/measures.ts'
import type { Runtime } from '../../../runtimes/runtime.ts'
import { type Clock, millisecondsBetween } from '../../../reconciler/clock.ts'
import { within } from '../../../reconciler/within.ts'
import { OomTally } from './oomTally.ts'

/** What one node's kernel counts, as far as it told in time. */
export interface NodeReading {
  readonly node: NodeName
  /** False: it did not answer, or not in time; then there are no pods here. */
  readonly answered: boolean
  readonly tookSeconds: number
  readonly pods: readonly PodReading[]
}

export interface PodReading {
  readonly uid: PodUid
  readonly pod: ObservedPod
  readonly measures: PodMeasures
  /** By container, since the engine began, restarts included. */
  readonly oomKills: ReadonlyMap<string, number>
}

export interface ReaderOptions {
  readonly runtimes: () => ReadonlyMap<NodeName, Runtime>
  readonly clock: Clock
  /** Of a node that is slower than this, nothing is told. Prometheus itself waits for ten seconds. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 3_000

/** Asks all nodes at once what their pods use. One that does not answer holds up no scrape, and is not asked again meanwhile. */
export class ContainerReader {
  readonly #options: ReaderOptions
  readonly #underWay = new Set<NodeName>()
  readonly #oomKills = new OomTally()

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  async read(snapshot: Snapshot | undefined): Promise<readonly NodeReading[]> {
    const nodes = [...(snapshot?.observed.nodes.values() ?? [])]
    const readings = await Promise.all(nodes.map((node) => this.#readNode(node)))
    this.#oomKills.keepOnly(new Set(nodes.flatMap(({ pods }) => [...pods.keys()])))
    return readings
  }

  async #readNode(node: ObservedNode): Promise<NodeReading> {
    const { clock, runtimes, timeoutMs = TIMEOUT_MS } = this.#options
    const began = clock.now()
    const runtime = runtimes().get(node.name)
    const silent = (): NodeReading => ({
      node: node.name,
      answered: false,
      tookSeconds: secondsSince(clock, began),
      pods: [],
    })
    if (runtime === undefined || !node.reachable || this.#underWay.has(node.name)) return silent()
    this.#underWay.add(node.name)
    const answer = within(clock, timeoutMs, new AbortController().signal, async (signal) => {
      try {
        return await runtime.measure(measurable(node), signal)
      } finally {
        this.#underWay.delete(node.name)
      }
    })
    const result = await answer.catch(() => undefined)
    if (result?.kind !== 'done') return silent()
    const pods = this.#pods(node, result.value)
    return { node: node.name, answered: true, tookSeconds: secondsSince(clock, began), pods }
  }

  #pods(node: ObservedNode, measured: ReadonlyMap<PodUid, PodMeasures>): readonly PodReading[] {
    return [...measured].flatMap(([uid, measures]) => {
      const pod = node.pods.get(uid)
      if (pod === undefined) return []
      return [{ uid, pod, measures, oomKills: this.#oomKills.after(uid, pod, measures) }]
    })
  }
}

function secondsSince(clock: Clock, began: Temporal.Instant): number {
  return Math.max(0, millisecondsBetween(began, clock.now())) / 1000
}

/** Those in which something runs. */
function measurable({ pods }: ObservedNode): readonly MeasuredPod[] {
  return [...pods].flatMap(([uid, { containers, record }]) => {
    const running = [...containers.values()].filter(({ state }) => state.kind === 'running')
    if (running.length === 0) return []
    const hostNetwork = record.pod.spec.hostNetwork === true
    return [{ uid, containers: running.map(({ name }) => name), hostNetwork }]
  })
}
