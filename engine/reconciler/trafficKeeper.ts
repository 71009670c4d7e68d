import type { NodeName } from '../api/names.ts'
import { NO_TRAFFIC, type NodeTraffic, type TrafficProblem } from '../api/traffic.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { Bell } from './bell.ts'
import { after } from './clock.ts'
import { retryDelayMs } from './limits.ts'
import { blame, messageOf, problemOf, stackOf } from './problems.ts'
import type { Shared } from './shared.ts'

export interface TrafficKeeperOptions extends Shared {
  /** The same again this often: what kept some of it from being answered may be so no more. */
  readonly resyncEveryMs: () => number
  /** What a plan may wait for has come to be. */
  readonly wake: () => void
}

interface Watch {
  readonly name: NodeName
  readonly runtime: Runtime
  readonly bell: Bell
  /** Absent: there was no plan yet. */
  wanted?: NodeTraffic
  applied?: NodeTraffic
  /** The last that the node was asked for, well or in vain. */
  tried?: NodeTraffic
  failures: number
  /** Addresses of pods that the node may lead to, whatever became of what it was last asked. */
  serving: ReadonlySet<string>
  told: string
}

/** Has each node answer what the plan says of Services and names: one wish after the other, of those that wait the newest. */
export class TrafficKeeper {
  readonly #options: TrafficKeeperOptions
  readonly #watches: readonly Watch[]

  constructor(options: TrafficKeeperOptions) {
    this.#options = options
    this.#watches = [...options.runtimes].map(([name, runtime]) => {
      return { name, runtime, bell: new Bell(), failures: 0, serving: new Set<string>(), told: '' }
    })
  }

  /** After every tick. Absent: nothing is to be answered anywhere. */
  update(traffic: ReadonlyMap<NodeName, NodeTraffic> | undefined): void {
    for (const watch of this.#watches) {
      const wanted = traffic?.get(watch.name) ?? NO_TRAFFIC
      if (watch.wanted === wanted) continue
      watch.wanted = wanted
      watch.bell.ring()
    }
  }

  /** Whether each node that answers has been asked for what is wanted of it. */
  get settled(): boolean {
    const { observer } = this.#options
    return this.#watches.every(
      ({ name, tried, wanted }) => tried === wanted || wanted === NO_TRAFFIC || !observer.reachable(name),
    )
  }

  /** Until the signal is aborted. What nodes answer stays as it is then. */
  async run(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => this.#keep(watch)))
  }

  async #keep(watch: Watch): Promise<void> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      watch.bell.hush()
      const { wanted } = watch
      if (wanted !== undefined) await this.#apply(watch, wanted)
      const idle = watch.wanted === undefined || (watch.applied === NO_TRAFFIC && watch.failures === 0)
      await watch.bell.wait(clock, idle ? undefined : after(clock.now(), this.#waitMs(watch)), signal)
    }
  }

  #waitMs({ failures }: Watch): number {
    const { limits, resyncEveryMs } = this.#options
    return failures === 0 ? resyncEveryMs() : retryDelayMs(failures, limits.retryMinMs, limits.retryMaxMs)
  }

  async #apply(watch: Watch, wanted: NodeTraffic): Promise<void> {
    const { signal } = this.#options
    try {
      const next = wanted === watch.applied ? watch.serving : addressesOf(wanted)
      // before the first time nobody knows what an engine before has left there
      if (watch.applied !== undefined && !next.isSubsetOf(watch.serving))
        this.#serves(watch, watch.serving.union(next))
      const problems = await watch.runtime.applyTraffic(wanted, signal)
      watch.applied = wanted
      watch.failures = 0
      this.#serves(watch, next)
      this.#tell(watch, problems)
      this.#tried(watch, wanted)
    } catch (error) {
      if (signal.aborted) return
      watch.failures += 1
      this.#failed(watch, error)
      this.#tried(watch, wanted)
    }
  }

  #failed(watch: Watch, error: unknown): void {
    const { reason, message } = problemOf(error, '')
    const stack = blame(error) === 'bug' ? { stack: stackOf(error) } : {}
    if (watch.told !== message)
      this.#options.log('warn', `leading traffic to pods failed: ${messageOf(error)}`, {
        node: watch.name,
        ...stack,
      })
    this.#tell(watch, [{ reason, message }], message)
  }

  /** A node that never had anything to answer is not told of. */
  #serves(watch: Watch, serving: ReadonlySet<string>): void {
    const isNothing = serving.size === 0 && watch.wanted === NO_TRAFFIC && watch.serving.size === 0
    if (serving === watch.serving || isNothing) return
    watch.serving = serving
    this.#options.observer.serves(watch.name, serving)
  }

  #tell(watch: Watch, problems: readonly TrafficProblem[], told = JSON.stringify(problems)): void {
    const isNew = watch.told !== told && !(watch.told === '' && problems.length === 0)
    watch.told = told
    if (isNew) this.#options.observer.trafficProblems(watch.name, problems)
  }

  /** Whoever waits for all to be well waits for this, too. */
  #tried(watch: Watch, wanted: NodeTraffic): void {
    if (watch.tried === wanted) return
    watch.tried = wanted
    if (wanted !== NO_TRAFFIC) this.#options.wake()
  }
}

function addressesOf({ frontends, ingress }: NodeTraffic): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { endpoints } of ingress?.backends ?? []) for (const { address } of endpoints) found.add(address)
  for (const { endpoints } of frontends) for (const { address } of endpoints) found.add(address)
  return found
}
