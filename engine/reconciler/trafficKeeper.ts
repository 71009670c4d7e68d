import type { NodeName } from '../api/names.ts'
import type { Observed } from '../api/snapshot.ts'
import { NO_TRAFFIC, type NodeTraffic, type TrafficProblem } from '../api/traffic.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { Bell } from './bell.ts'
import { after } from './clock.ts'
import { retryDelayMs } from './limits.ts'
import { PodAddresses } from './podAddresses.ts'
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
  /** Those and what it led to before: it may have connections to them. */
  readonly led: Set<string>
  /** Of these the pods of other nodes that are gone, and the node is to be told. */
  readonly gone: Set<string>
  told: string
}

/** Has each node answer what the plan says of Services and names: one wish after the other, of those that wait the newest. */
export class TrafficKeeper {
  readonly #options: TrafficKeeperOptions
  readonly #watches: readonly Watch[]
  readonly #pods = new PodAddresses()

  constructor(options: TrafficKeeperOptions) {
    this.#options = options
    this.#watches = [...options.runtimes].map(([name, runtime]) => {
      const sets = { serving: new Set<string>(), led: new Set<string>(), gone: new Set<string>() }
      return { name, runtime, bell: new Bell(), failures: 0, ...sets, told: '' }
    })
  }

  /** After every tick. Absent: nothing is to be answered anywhere. */
  update(traffic: ReadonlyMap<NodeName, NodeTraffic> | undefined, observed: Observed): void {
    for (const [node, addresses] of this.#pods.gone(observed)) this.#left(node, addresses)
    for (const watch of this.#watches) {
      const wanted = traffic?.get(watch.name) ?? NO_TRAFFIC
      if (watch.wanted === wanted) continue
      watch.wanted = wanted
      watch.bell.ring()
    }
  }

  /** What their own node led to them has ended with them. */
  #left(node: NodeName, addresses: readonly string[]): void {
    for (const watch of this.#watches) {
      if (watch.name === node) continue
      const led = addresses.filter((address) => watch.led.delete(address))
      for (const address of led) watch.gone.add(address)
      if (led.length > 0) watch.bell.ring()
    }
  }

  /** The node answers again: what it was asked for may have ended with its machine. */
  again(node: NodeName): void {
    this.#watches.find(({ name }) => name === node)?.bell.ring()
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
      await this.#end(watch)
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

  /** Once nothing leads to them any more, or whoever is cut off would be led there again. */
  async #end(watch: Watch): Promise<void> {
    const { log, signal } = this.#options
    if (watch.gone.size === 0 || watch.failures > 0) return
    const gone = [...watch.gone]
    try {
      await watch.runtime.endConnections(gone, signal)
      for (const address of gone) watch.gone.delete(address)
    } catch (error) {
      if (signal.aborted) return
      log('warn', `ending connections to pods that are gone failed: ${messageOf(error)}`, {
        node: watch.name,
      })
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

  #serves(watch: Watch, serving: ReadonlySet<string>): void {
    if (serving === watch.serving) return
    watch.serving = serving
    for (const address of serving) watch.led.add(address)
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
